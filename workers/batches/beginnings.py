"""Puts lines whose prompts begin alike next to each other, and marks how they begin. Pure.

A server keeps what it has computed of a prompt for the next one that begins with the same bytes
(https://docs.vllm.ai/en/latest/features/automatic_prefix_caching.html), as long as it has room: so
lines that share a long system prompt are best asked one after the other, and at the same server.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, TypeVar

from shared.jobs.job import NewJob
from shared.operation import Operation

#: Where a prompt begins in the text of a request, by what is asked: the first that is there. Where
#: a guess is wrong, nothing but time is lost.
_NAMES: Final = {
    Operation.CHAT: (b'"messages"',),
    Operation.COMPLETION: (b'"prompt"',),
    Operation.RESPONSE: (b'"instructions"', b'"input"'),
}
#: How much of it decides about a place in line, and how much two have in common that are marked
#: alike (bytes): less than that is computed in no time.
_LONGEST: Final = 4096
_MARKED: Final = 512

_Kept = TypeVar("_Kept")


def together(wanted: Sequence[tuple[_Kept, NewJob]]) -> list[tuple[_Kept, NewJob]]:
    """Return jobs in the order of how their prompts begin; else they stay in their order."""
    return sorted(wanted, key=lambda pair: (pair[1].model, _beginning(pair[1], _LONGEST)))


def marked(new: NewJob) -> NewJob:
    """Return the job with a mark that it shares with those whose prompts begin alike."""
    beginning = _beginning(new, _MARKED)
    if len(beginning) < _MARKED:
        return new
    return new._replace(beginning=blake2b(beginning, digest_size=8).hexdigest())


def _beginning(new: NewJob, most: int) -> bytes:
    for name in _NAMES.get(new.operation, ()):
        at = new.request.find(name)
        if at >= 0:
            return new.request[at : at + most]
    return b""
