"""A body of very many pieces that are there already gives others their turns."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import gevent

from workers.providers.answers.body import pieces


class Drips:
    """A body of one byte after the other, none of which is waited for."""

    def __init__(self, count: int) -> None:
        self.left = count

    def read1(self, _most: int, *, decode_content: bool) -> bytes:
        assert decode_content
        self.left -= 1
        return b" " if self.left >= 0 else b""


def test_others_run_while_single_bytes_are_read() -> None:
    turns = 0

    def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            gevent.sleep(0)

    beside = gevent.spawn(other)
    response = SimpleNamespace(raw=Drips(64_000), headers={})
    call = SimpleNamespace(answer_max_bytes=100_000, provider=SimpleNamespace(name="p"))
    assert sum(map(len, pieces(cast("Any", call), cast("Any", response)))) == 64_000
    beside.kill()
    assert turns >= 90
