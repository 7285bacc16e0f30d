"""What every provider dialect gives and takes: a call, an answer, an error with its one bit."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from http import HTTPStatus
from typing import Final, Protocol

from requests import Session

from shared.codecs.plain_text import one_line
from shared.egress.way_out import PLAIN, Egress
from shared.errors import Failure
from shared.media.request import FileRef, MediaRequest
from shared.media.result import Kept
from shared.operation import Operation
from shared.providers.provider import Provider

#: The size that an answer may have unless its call says another (bytes).
ANSWER_MAX_BYTES: Final = 64 * 1024 * 1024
#: The code of a failure that says: this API has no words for what was asked.
UNSUPPORTED: Final = "unsupported_parameter"


class Desk(Protocol):
    """Where a job's files are opened and kept."""

    def open(self, file: FileRef) -> Generator[bytes, None, None]:
        """Give the bytes of a file of the request. Raises ProviderError if it is gone."""
        ...

    def whole(self, file: FileRef) -> bytes:
        """Return all bytes of a file of the request. Raises ProviderError if it is gone."""
        ...

    def keep(
        self, pieces: Iterable[bytes], *, media_type: str | None = None, name: str = ""
    ) -> Kept:
        """Keep a file of the answer as its bytes come."""
        ...


def _of_no_length(_asked: MediaRequest) -> int:
    return 0


def _told_nobody(_names: Sequence[str]) -> None:
    pass


@dataclass(frozen=True, slots=True)
class ProviderCall:
    """One call to make. `body` has the provider's own model name in it."""

    provider: Provider
    body: bytes
    #: Not in a repr, nor are headers and query: a repr may be logged.
    api_key: str | None = field(repr=False)
    connect_timeout_s: float
    timeout_s: float
    operation: Operation = Operation.CHAT
    #: What the operator adds to every request of this provider, with its secrets filled in.
    headers: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    query: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    #: The way there.
    egress: Egress = PLAIN
    #: Most bytes of an answer, decompressed; of a stream too.
    answer_max_bytes: int = ANSWER_MAX_BYTES
    #: The files of the job; only of operations that have some.
    desk: Desk | None = field(default=None, repr=False)
    #: Told, before the call is made, which of the client's fields the dialect could not follow.
    adjusted: Callable[[Sequence[str]], None] = field(default=_told_nobody, repr=False)
    #: Told what there is of an answer with files while it is made, if somebody follows it
    #: (`shared/media/live.py`); and where files are kept that are only passing. Most bytes of a
    #: sound that are told.
    live: Callable[[bytes], None] | None = field(default=None, repr=False)
    #: Says how long the recording of a request is (milliseconds), 0 where that cannot be told.
    length_ms: Callable[[MediaRequest], int] = field(default=_of_no_length, repr=False)
    passing_desk: Desk | None = field(default=None, repr=False)
    live_max_bytes: int = 0


class Blame(Enum):
    """Whose matter a failed call is; decides who is asked next and what the operator is told."""

    #: The request's: nobody else would take it either.
    REQUEST = auto()
    #: The provider's: it fails, is overloaded, cannot be reached.
    PROVIDER = auto()
    #: This request may not be served by it: moderation, rights, the law of a country; or it has no
    #: such operation.
    FORBIDDEN = auto()
    #: It has not got this model, or not for us.
    MODEL = auto()
    #: The key that the operator gave it is refused.
    KEY = auto()
    #: The account that the operator has there is used up.
    BILLING = auto()
    #: It is not what the operator's settings say: another address, no such API.
    SETTINGS = auto()
    #: Ours: files could not be read or kept. Nothing is said against the provider.
    OURS = auto()


class ProviderError(Exception):
    """A call that brought no answer. `transient` alone decides whether another try follows.

    `body` is what a waiting client gets, when it differs from the failure's own body. As text it
    is one line, fit for a log.
    """

    def __init__(
        self,
        failure: Failure,
        *,
        transient: bool,
        status: int | None = None,
        retry_after_s: float | None = None,
        body: bytes | None = None,
        blame: Blame | None = None,
        words: str = "",
    ) -> None:
        self.failure = failure
        self.transient = transient
        self.blame = blame or _usual_blame(status, transient=transient)
        #: What the provider itself said, if the failure's message is ours.
        self.words = one_line(words)
        #: HTTP status of the provider; None when there was none.
        self.status = status
        self.retry_after_s = retry_after_s
        self.body = body
        super().__init__(one_line(failure.message))


def _usual_blame(status: int | None, *, transient: bool) -> Blame:
    if status == HTTPStatus.UNAUTHORIZED:
        return Blame.KEY
    return Blame.PROVIDER if transient else Blame.REQUEST


class EndedWithoutDone(ProviderError):
    """A stream whose answer ended in good order, but for the word that it is done."""


class Room(Protocol):
    """What a process has for so many calls at once; whoever has acquired it releases it."""

    def acquire(self, *, timeout: float) -> bool:
        """Wait for so many seconds; False when there was none."""
        ...

    def release(self) -> None:
        """Let the next one in."""
        ...

    def locked(self) -> bool:
        """Whether the next one would wait."""
        ...


class Dialect(Protocol):
    """Speaks one API dialect."""

    #: What it can be asked.
    operations: frozenset[Operation]
    #: Whether its streams can tell their usage whatever the provider: then nobody tries without.
    always_tells_usage: bool

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """Return the response as a client of the operation's API takes it. Raises ProviderError."""
        ...

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Yield the chunks as a client takes them; the body asks for a stream.

        Ends when the provider says that it is done. Raises ProviderError, also in the middle, and
        EndedWithoutDone when all that is missing is that word.
        """
        ...


@dataclass(frozen=True, slots=True)
class Dialects:
    """The dialects by provider type."""

    by_type: dict[str, Dialect] = field(default_factory=dict)
    #: What calls of a type need of this process, which there are few of: its processors. Who waits
    #: for one is not being answered slowly yet.
    rooms: dict[str, Room] = field(default_factory=dict)

    def of(self, provider: Provider) -> Dialect:
        """Return the dialect this provider speaks. Raises ProviderError when there is none."""
        dialect = self.by_type.get(provider.type)
        if dialect is None:
            message = f"Provider type '{provider.type}' is not supported."
            raise ProviderError(
                Failure(501, "server_error", "provider_type_unsupported", message), transient=False
            )
        return dialect
