"""Puts the answer of a streamed call together from its chunks; each operation has its own way."""

from __future__ import annotations

from typing import Any, Protocol

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import finite
from shared.operation import Operation
from shared.wire.response_events import ResponseFold
from workers.folds.chat import ChatFold
from workers.folds.completion import CompletionFold
from workers.folds.generation import GenerationFold


class Fold(Protocol):
    """What a stream has told so far."""

    def add(self, chunk: dict[str, Any], text: bytes) -> None:
        """Take in the next chunk, parsed and as it is written."""
        ...

    def finish(self) -> dict[str, Any] | None:
        """Take in that the server says it is done; return the chunk that it has left out."""
        ...

    @property
    def is_complete(self) -> bool:
        """Whether nothing is missing."""
        ...

    def whole(self) -> bytes:
        """Return the answer as JSON."""
        ...


class _Merged:
    """A fold that merges the values of chunks: how they are written does not matter."""

    def __init__(self, fold: ChatFold | CompletionFold | GenerationFold) -> None:
        self._fold = fold

    def add(self, chunk: dict[str, Any], text: bytes) -> None:
        del text
        self._fold.add(chunk)

    def finish(self) -> dict[str, Any] | None:
        return self._fold.finish()

    @property
    def is_complete(self) -> bool:
        return self._fold.is_complete

    def whole(self) -> bytes:
        completion = self._fold.completion()
        try:
            return to_json_bytes(completion, strict=True)
        except ValueError:
            # A number that JSON can write and a float cannot hold.
            return to_json_bytes(finite(completion))


def fold_of(operation: Operation, *, of_one: bool = False) -> Fold:
    """Return an empty fold for the streams of this operation; `of_one`: for one answer's."""
    if operation is Operation.RESPONSE:
        return ResponseFold()
    if operation is Operation.OLLAMA_GENERATE:
        return _Merged(GenerationFold())
    if operation is Operation.COMPLETION:
        return _Merged(CompletionFold(of_one=of_one))
    return _Merged(ChatFold(of_one=of_one))
