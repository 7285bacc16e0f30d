"""How soon batches are looked at again."""

from __future__ import annotations

import pytest

from workers.batches.pace import Moved, moved, pause_s


@pytest.mark.parametrize(
    ("lines", "share", "what"),
    [
        pytest.param(0, 1000, Moved.NOTHING, id="nothing"),
        pytest.param(1, 1000, Moved.SOMETHING, id="a line"),
        pytest.param(249, 1000, Moved.SOMETHING, id="less than a fourth"),
        pytest.param(250, 1000, Moved.MUCH, id="a fourth"),
        pytest.param(20, 20, Moved.MUCH, id="all"),
    ],
)
def test_it_is_much_when_the_queues_could_run_dry(lines: int, share: int, what: Moved) -> None:
    assert moved(lines, share) is what


def test_nobody_rests_while_one_batch_moves_much() -> None:
    assert pause_s([Moved.NOTHING, Moved.MUCH]) < 0.01
    assert pause_s([Moved.NOTHING, Moved.SOMETHING]) > 0.1
