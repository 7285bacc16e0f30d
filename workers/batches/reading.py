"""Reads lines of a batch's input file; says how their jobs are named."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

from shared.batches.batch import Batch
from shared.batches.store import Line
from workers.batches.desk import Desk

#: Most bytes that are read at once, with lines between that are not wanted.
_MOST_BYTES: Final = 16 * 1024 * 1024
#: The longest RefId that says what it stands for.
_LONGEST_REF: Final = 120


def read_lines(desk: Desk, batch: Batch, wanted: Sequence[Line]) -> list[bytes]:
    """Return the text of these lines; empty ones if the file is gone.

    Each by itself where they are far apart, for lines between may have ended before.
    """
    file = desk.artifacts.find(batch.input_file_id)
    if file is None or not wanted:
        return [b"" for _ in wanted]
    first, last = wanted[0], wanted[-1]
    span = last.start + last.size - first.start
    if span <= _MOST_BYTES:
        text = b"".join(desk.artifacts.read(file, first.start, first.start + span))
        at = [line.start - first.start for line in wanted]
        return [text[start : start + line.size] for start, line in zip(at, wanted, strict=True)]
    read = desk.artifacts.read
    return [b"".join(read(file, line.start, line.start + line.size)) for line in wanted]


def ref_id_of(batch: Batch, line: Line) -> str:
    """Return the name by which a line has one job, however often it is fed."""
    name = f"{batch.id}:{line.custom_id}"
    if len(name) <= _LONGEST_REF:
        return name
    return f"{batch.id}:{hashlib.sha256(line.custom_id.encode()).hexdigest()}"
