"""Hostile clients, without a key and with one, beside an innocent one."""

from __future__ import annotations

import pytest

from tests.acceptance.hostile.beside import compare
from tests.acceptance.hostile.ground import Ground
from tests.acceptance.hostile.innocents import Innocent
from tests.acceptance.hostile.peers import client_peers, key_holders

PEERS = client_peers.PEERS | key_holders.PEERS | key_holders.READERS


@pytest.mark.parametrize("name", PEERS)
def test_innocent_client_does_not_suffer_from(
    ground: Ground, innocent: Innocent, name: str
) -> None:
    compare(innocent.both, lambda: PEERS[name](ground))
