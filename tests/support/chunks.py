"""Chunks of a streamed chat, as an LLM sends them, and a ledger that takes them as a test says."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from typing import Any

import redis

from shared.jobs.moves import Claim
from shared.ledger.chunk_store import Batch

Json = dict[str, Any]


def chunk(
    text: str | None = None,
    finish: str | None = None,
    *,
    index: int = 0,
    tool_calls: list[Json] | None = None,
    **fields: Any,
) -> bytes:
    """Return a chunk of one choice with this piece of text, or of calls of tools."""
    delta: Json = {} if text is None else {"content": text}
    if tool_calls is not None:
        delta["tool_calls"] = tool_calls
    choice = {"index": index, "delta": delta, "finish_reason": finish}
    return json.dumps(
        {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "m"}
        | {"choices": [choice]}
        | fields
    ).encode()


#: A whole stream: "Hello", and its end.
HELLO = (chunk("Hel"), chunk("lo"), chunk(finish="stop"))


def claim_of(job_id: int = 7, attempt: int = 1) -> Claim:
    """Return the right to make an attempt at a streamed job."""
    return Claim(job_id, attempt, f"ref-{job_id}", "m", "", b"{}", 0, 60_000, streamed=True)


class FakeChunkStore:
    """Stands for the ledger: notes each call, then does what `plan` says, else accepts."""

    def __init__(self) -> None:
        self.calls: list[list[Batch]] = []
        self.plan: list[Callable[[], None]] = []
        self.refused: set[int] = set()
        self._kept: dict[int, list[Batch]] = {}

    def append(self, batches: Sequence[Batch]) -> list[bool]:
        """Keep batches once, as the ledger does."""
        self.calls.append(list(batches))
        if self.plan:
            self.plan.pop(0)()
        for batch in batches:
            kept = self._kept.setdefault(batch.job_id, [])
            if batch.job_id not in self.refused and batch.number > len(kept):
                kept.append(batch)
        return [batch.job_id not in self.refused for batch in batches]

    def said(self, job_id: int = 7) -> list[bytes]:
        """Return the chunks that arrived."""
        return [text for batch in self._kept.get(job_id, []) for text in batch.chunks]

    def batches(self, job_id: int = 7) -> list[list[bytes]]:
        """Return them by batch."""
        return [list(batch.chunks) for batch in self._kept.get(job_id, [])]


def unreachable() -> None:
    """Fail as a client does whose Redis is away."""
    raise redis.ConnectionError("away")


def wrong() -> None:
    """Fail as Redis does on a wrong command."""
    raise redis.ResponseError("WRONGTYPE")
