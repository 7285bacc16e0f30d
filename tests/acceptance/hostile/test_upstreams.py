"""Hostile upstreams beside an LLM that means well: one worker calls them all."""

from __future__ import annotations

import pytest

from tests.acceptance.hostile.beside import compare
from tests.acceptance.hostile.ground import Ground
from tests.acceptance.hostile.innocents import Innocent
from tests.acceptance.hostile.peers import askers, key_holders
from tests.upstreams.manners.endless import TITLES


@pytest.mark.parametrize("title", TITLES)
def test_innocent_client_does_not_suffer_from_upstreams_of(
    ground: Ground, innocent: Innocent, title: str
) -> None:
    # Rests as long as those who ask them: whole cores of decompressing are the machine's to share.
    peer = key_holders.with_key(askers.ask_hostile_upstreams, count=4, title=title)
    compare(innocent.both, lambda: peer(ground))
