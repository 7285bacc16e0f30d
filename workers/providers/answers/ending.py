"""The end of a stream: a server that has said everything is not waited for until it says so.

`[DONE]` is a convention, not part of the answer. Some servers leave it out and keep the connection,
or go on with comments; after every finish reason what may still come is the usage. But some name a
reason in every chunk: theirs is no end as long as more is said.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final

import gevent

from shared.codecs.strict_json import parse
from shared.errors import Failure
from shared.wire.answers.said import object_of, objects
from workers.providers.base import EndedWithoutDone

Json = dict[str, Any]

#: How long what follows a whole answer may take in all (seconds): its usage, its `[DONE]`.
GRACE_S: Final = 3.0
#: The same behind a reason that came with words (seconds): more of them may follow.
WORDS_GRACE_S: Final = 30.0
#: Members of a delta that say nothing.
_SPEAKER: Final = frozenset(("role", "name"))
_OVERDUE: Final = Failure(
    504, "server_error", "provider_timeout", "The stream did not end with its answer.", "Timeout"
)


def until_overdue(chunks: Iterable[bytes], is_whole: Callable[[], bool]) -> Iterator[bytes]:
    """Yield the chunks. Raises EndedWithoutDone some seconds after the answer was whole."""
    left, last = iter(chunks), b""
    for last in left:
        yield last
        if is_whole():
            break
    ends_at = time.monotonic() + (WORDS_GRACE_S if _adds(last) else GRACE_S)
    while is_whole():
        overdue = EndedWithoutDone(_OVERDUE, transient=True)
        # Around the reading alone: what is done with a chunk is not to be broken off.
        with gevent.Timeout(max(0.001, ends_at - time.monotonic()), overdue):
            chunk = next(left, b"")
        if not chunk:
            return
        yield chunk
        if _adds(chunk):
            break
    # It goes on, or another choice has begun: it has all the time of the attempt.
    yield from left


def adds(choice: Json) -> bool:
    """Whether a choice has a piece of what is said, whoever speaks and however it ends. Pure."""
    said = (each for name, each in object_of(choice.get("delta")).items() if name not in _SPEAKER)
    return bool(choice.get("text")) or any(said)


def _adds(chunk: bytes) -> bool:
    """Whether the chunk has a piece of the answer."""
    try:
        value = parse(chunk)
    except ValueError:
        return False
    return any(map(adds, objects(object_of(value).get("choices"))))
