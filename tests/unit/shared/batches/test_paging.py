"""Pages of so many, and of so many bytes."""

from __future__ import annotations

import pytest

from shared.batches.paging import pages


@pytest.mark.parametrize(
    ("sizes", "cut"),
    [
        pytest.param([], [], id="nothing"),
        pytest.param([1, 1, 1, 1], [[1, 1, 1], [1]], id="so many"),
        pytest.param([6, 4, 1], [[6, 4], [1]], id="so many bytes"),
        pytest.param([1, 99, 99, 1], [[1], [99], [99], [1]], id="too large for any"),
        pytest.param([0, 0, 0, 0], [[0, 0, 0], [0]], id="no bytes"),
    ],
)
def test_cut_into(sizes: list[int], cut: list[list[int]]) -> None:
    assert list(pages(sizes, int, 3, 10)) == cut
