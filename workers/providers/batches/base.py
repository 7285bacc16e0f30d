"""What every batch API gives and takes: requests with names, how it stands, results by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, Protocol

from requests import Session

from shared.operation import Operation
from workers.providers.base import ProviderCall

#: How far the provider's clock and ours may differ (seconds).
SKEW_S: Final = 300.0


class Kind(StrEnum):
    """What came of a request of a batch."""

    ANSWERED = "answered"
    #: The provider will not have this request, or failed at it.
    REFUSED = "refused"
    #: It was not made: the batch expired, or was cancelled before.
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class OwnRequest:
    """A request of a batch: its name there, and its body with the provider's own model name."""

    name: str
    body: bytes


@dataclass(frozen=True, slots=True)
class OwnResult:
    """What came of the request of this name. `text` is its answer as the provider wrote it."""

    name: str
    kind: Kind
    text: bytes = b""
    #: Why there is none, in words.
    why: str = ""


@dataclass(frozen=True, slots=True)
class Standing:
    """How a batch stands. `files` are those that its results are in, and that were sent."""

    id: str
    has_ended: bool
    results: tuple[str, ...] = ()
    files: tuple[str, ...] = ()
    #: Why it failed as a whole; no request was made.
    failure: str = ""


class OwnBatches(Protocol):
    """Speaks one batch API. All raise ProviderError.

    `call` says which provider, with what credentials, and how long each request may take.
    """

    #: Whether a batch of unknown fate is found for certain; else its results are looked at first.
    finds_for_certain: bool

    def submit(
        self, session: Session, call: ProviderCall, marker: str, requests: Sequence[OwnRequest]
    ) -> str:
        """Make a batch of these, marked; return its id there."""
        ...

    def find(self, session: Session, call: ProviderCall, marker: str, wanted: Wanted) -> str | None:
        """Return the id of the batch of that mark, which may be there or not."""
        ...

    def look(self, session: Session, call: ProviderCall, batch_id: str) -> Standing:
        """Say how a batch stands."""
        ...

    def results(
        self, session: Session, call: ProviderCall, standing: Standing
    ) -> Iterator[OwnResult]:
        """Give the results of a batch that has ended, in any order."""
        ...

    def cancel(self, session: Session, call: ProviderCall, batch_id: str) -> None:
        """Let no more of it be made; one that has ended stays as it is."""
        ...

    def forget(self, session: Session, call: ProviderCall, standing: Standing) -> None:
        """Remove what the provider keeps of a batch that has ended."""
        ...

    def request_of(self, call: ProviderCall) -> bytes:
        """Return what a batch has for this call."""
        ...

    def answer_of(self, call: ProviderCall, text: bytes) -> bytes:
        """Return an answer of a batch as one of this call."""
        ...


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is known of a batch that may be there: not made before, of so many requests.

    `others` are ids of batches that it is not.
    """

    since_s: float
    count: int
    others: Collection[str] = ()


#: Which operations the batch APIs take, by type of provider.
OPERATIONS: Final[Mapping[str, frozenset[Operation]]] = {
    "openai": frozenset(
        (
            *(Operation.CHAT, Operation.COMPLETION, Operation.EMBEDDING),
            *(Operation.MODERATION, Operation.RESPONSE),
        )
    ),
    "anthropic": frozenset((Operation.CHAT, Operation.RESPONSE)),
}


def pages(
    read: Callable[[str], tuple[Iterable[dict[str, object]], str]], most: int
) -> Iterator[dict[str, object]]:
    """Give the rows of a list that is told page by page, of so many pages at most."""
    after = ""
    for _ in range(most):
        rows, after = read(after)
        yield from rows
        if not after:
            return
