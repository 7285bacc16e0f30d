"""A whole answer: JSON that has what was asked for, or the stream that came in its place, folded.

An answer that has been paid for is not thrown away because it came in another shape.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.sse import EventParser, is_blank, is_done
from shared.codecs.strict_json import bare, parse
from shared.operation import Operation
from shared.wire import response_events
from shared.wire.answers.call_pieces import with_text
from shared.wire.answers.finish_reasons import reason_in, usual_reason
from shared.wire.answers.said import objects
from workers.folds.asked import asks_for_one, texts_in
from workers.folds.by_operation import Fold, fold_of
from workers.providers.answers import unstreamed
from workers.providers.answers.events import error_of_told, judge
from workers.providers.answers.response_end import with_end
from workers.providers.answers.shape import in_shape
from workers.providers.answers.told import (
    ToldInstead,
    error_beside_answer,
    error_in,
    error_without_answer,
)
from workers.providers.answers.wrapped import MOST_MENDED, opened
from workers.providers.base import EndedWithoutDone, ProviderCall, ProviderError
from workers.providers.http_errors import unreachable, unreadable

Json = dict[str, Any]

#: The member that holds the answer, and its type.
_ANSWERS: Final[Mapping[Operation, tuple[str, type]]] = {
    Operation.CHAT: ("choices", list),
    Operation.COMPLETION: ("choices", list),
    Operation.EMBEDDING: ("data", list),
    Operation.RESPONSE: ("output", list),
    Operation.OLLAMA_GENERATE: ("response", str),
    Operation.MODERATION: ("results", list),
}
#: Operations that have no streams.
_UNSTREAMED: Final = (Operation.EMBEDDING, Operation.MODERATION)
#: With what a line of server-sent events begins.
_FIELDS: Final = (b"data:", b"event:", b"id:", b"retry:", b"error:", b":")
#: Members of a choice that hold what is said, and reasons for which they may be left out.
_SAYING: Final = frozenset(("message", "text", "delta"))
#: The one of an operation; the others are those of pieces, or of another's shape.
_OWN: Final = {Operation.CHAT: "message", Operation.COMPLETION: "text"}
_SILENCED: Final = ("content_filter", "length")
says_done = re.compile(rb"(?:^|[\r\n])data: ?[\"']?\[?DONE\b", re.IGNORECASE).search
_has_lines = re.compile(rb"\}[ \t]*+[\r\n]\s*+\{").search

Events = list[bytes]


def checked(call: ProviderCall, body: bytes) -> bytes:
    """Return the answer as JSON. Raises ProviderError for an error, and for what is no answer."""
    body = bare(body)
    events = events_of(body)
    if events is None:
        return _document(call, body)
    if call.operation in _UNSTREAMED and len(events) == 1:
        return checked(call, events[0])
    return folded(call, events, are_all=says_done(body) is not None)


def _document(call: ProviderCall, body: bytes) -> bytes:
    """Return the answer that a document is, or that several are in which it is told."""
    try:
        found, document = answer_in(call, body, *_ANSWERS[call.operation])
    except ProviderError:
        if call.operation in _UNSTREAMED or not (pieces := pieces_in(body)):
            raise
        return folded(call, pieces, are_all=False)
    if not _is_whole(call, found):
        return folded(call, [document], are_all=True)
    return _with_texts(document, found) if call.operation is Operation.CHAT else document


def pieces_in(body: bytes) -> Events:
    """Return the pieces that a list has, or that stand behind one another; none of another body."""
    if len(body) > MOST_MENDED:
        return []
    try:
        values = [value for value in unstreamed.values_of(body) if value is not None]
    except ValueError:
        # Not all of them may be whole, or pieces at all.
        return list(filter(bytes.strip, body.splitlines())) if _has_lines(body) else []
    are_pieces = len(values) > 1 and all(isinstance(value, dict) for value in values)
    return list(map(to_json_bytes, values)) if are_pieces else []


def _with_texts(document: bytes, chat: Json) -> bytes:
    """Return a chat whose calls of tools have texts as arguments; some have objects there."""
    changed = False
    for choice in chat["choices"]:
        message = choice.get("message")
        if not isinstance(message, dict) or not message.get("tool_calls"):
            continue
        calls = objects(message["tool_calls"])
        told = list(map(with_text, calls))
        if any(one is not call for one, call in zip(told, calls, strict=True)):
            message["tool_calls"], changed = told, True
    return to_json_bytes(chat) if changed else document


def _is_whole(call: ProviderCall, value: Json) -> bool:
    """Whether an answer is one, and neither a chunk nor another's shape, which some send instead.

    Raises ProviderError for a chat in which nobody says a word, be it that it may not be said, and
    for embeddings of nothing.
    """
    if call.operation is Operation.EMBEDDING:
        _refuse_other_vectors(call, value["data"])
        return True
    if call.operation is Operation.RESPONSE:
        return not response_events.is_unfinished(value)
    own = _OWN.get(call.operation)
    if own is None:
        return True
    choices = value["choices"]
    if any(own not in one and not _SAYING.isdisjoint(one) for one in choices):
        return False
    said = (
        any(map(one.get, _SAYING)) or usual_reason(reason_in(one)) in _SILENCED for one in choices
    )
    if call.operation is Operation.CHAT and not any(said):
        raise unreachable(call, "answered without an answer: there is no 'message'", 502)
    return True


def value_in(call: ProviderCall, body: bytes, name: str, *kinds: type) -> Json:
    """Return the object, whose member of that name is the answer.

    Raises ProviderError for an error, and for what is no answer.
    """
    return answer_in(call, body, name, *kinds)[0]


def answer_in(call: ProviderCall, body: bytes, name: str, *kinds: type) -> tuple[Json, bytes]:
    """Return the same, and its document: that of the body, or one within it."""
    try:
        return _value_in(call, body, name, kinds), body
    except ProviderError:
        inside = opened(body, lambda value: _is_answer(value, name, kinds))
        if inside is None:
            raise
        return _value_in(call, inside, name, kinds), inside


def unwrapped(operation: Operation, body: bytes) -> bytes:
    """Return the document of the answer within the body; the body itself when it is none."""
    name, kind = _ANSWERS[operation]
    return opened(body, lambda value: _is_answer(value, name, (kind,))) or body


def _value_in(call: ProviderCall, body: bytes, name: str, kinds: tuple[type, ...]) -> Json:
    value = _parsed(body)
    has_answer = isinstance(value, dict) and _has_answer(value, name, kinds)
    found = error_beside_answer(value) if has_answer else _error_instead(value)
    if found is not None:
        raise error_of_told(call, found)
    if not isinstance(value, dict):
        raise unreadable(call, body, "answered with something that is no JSON object")
    if not has_answer:
        raise unreachable(call, f"answered without an answer: there is no '{name}'", 502)
    return value


def events_of(body: bytes) -> Events | None:
    """Return the events if the body is a stream of them, but not `[DONE]`; else None."""
    if not body.lstrip().startswith(_FIELDS):
        return None
    parser = EventParser(max_event_bytes=len(body) + 2)
    said = (one for one in (*parser.feed(body), *parser.finish()) if not is_blank(one))
    # A proxy may send the answer once more behind the word that nothing follows.
    return list(itertools.takewhile(lambda one: not is_done(one), said))


def folded(
    call: ProviderCall,
    events: Iterable[bytes],
    judged: Callable[[ProviderCall, bytes], None] = judge,
    *,
    are_all: bool,
) -> bytes:
    """Return the answer that the events tell; `are_all`: they say that they are.

    Raises ProviderError.
    """
    fold = fold_of(call.operation, of_one=asks_for_one(call.operation, call.body))
    try:
        _add_all(fold, call, events, judged)
    except EndedWithoutDone:
        if not fold.is_complete:
            raise
    if are_all and not fold.is_complete:
        fold.finish()
    if not fold.is_complete:
        raise unreachable(call, "broke off its stream", 502)
    answer = fold.whole()
    if call.operation is Operation.RESPONSE:
        value_in(call, answer, *_ANSWERS[call.operation])
    return answer


def _add_all(
    fold: Fold,
    call: ProviderCall,
    events: Iterable[bytes],
    judged: Callable[[ProviderCall, bytes], None],
) -> None:
    has_said = False
    for event in with_end(events) if call.operation is Operation.RESPONSE else events:
        judged(call, event)
        for chunk, value in _chunks(call, event, has_said=has_said):
            fold.add(value, chunk)
        has_said = has_said or unstreamed.says(event)


def _chunks(call: ProviderCall, event: bytes, *, has_said: bool) -> Iterator[tuple[bytes, Json]]:
    """Yield what an event says as chunks: one, or those of a whole answer in it."""
    try:
        for chunk in _taken_apart(call.operation, event, has_said=has_said):
            value = parse(chunk)
            if isinstance(value, dict):
                yield chunk, value
    except ValueError as exc:
        cut = unreachable(call, "broke off its stream", 502)
        raise EndedWithoutDone(cut.failure, transient=True) from exc


def _taken_apart(operation: Operation, event: bytes, *, has_said: bool) -> Events:
    if operation is Operation.COMPLETION:
        # Its chunks look like whole ones: where one has no reason, none is to be made up.
        return [to_json_bytes(in_shape(operation, one)) for one in unstreamed.values_of(event)]
    return unstreamed.events_of(operation, event, has_said=has_said)


def _parsed(body: bytes) -> Any:
    """Return the value of a document; None for what is none: the error would hold a copy of it."""
    try:
        return parse(body)
    except ValueError:
        return None


def _error_instead(value: object) -> ToldInstead | None:
    return error_without_answer(value) if isinstance(value, dict) else error_in(value)


def _is_answer(value: Json, name: str, kinds: tuple[type, ...]) -> bool:
    """Whether this is all of an answer, and not the first piece of many."""
    if not _has_answer(value, name, kinds):
        return False
    pieces = [one for one in objects(value.get("choices")) if "delta" in one]
    return all(map(reason_in, pieces))


def _has_answer(value: Json, name: str, kinds: tuple[type, ...]) -> bool:
    answer = value.get(name)
    if name == "choices":
        is_list = isinstance(answer, list) and bool(answer)
        return is_list and all(isinstance(choice, dict) for choice in answer or ())
    # A response that failed has an output with nothing in it.
    return isinstance(answer, kinds) and (bool(answer) or not value.get("error"))


def _refuse_other_vectors(call: ProviderCall, data: list[Any]) -> None:
    """Raise ProviderError for embeddings that are none, or not as many as there are texts."""
    if not (data and all(map(_has_vector, data))):
        raise unreachable(call, "answered without an answer: there is no 'embedding'", 502)
    asked = texts_in(call.body)
    if asked not in (None, len(data)):
        raise unreachable(call, f"answered with {len(data)} embeddings of {asked}", 502)


def _has_vector(entry: object) -> bool:
    """Whether an embedding is one: where it is `NaN`, some write `null`."""
    vector = entry.get("embedding") if isinstance(entry, dict) else None
    is_list = (
        isinstance(vector, list) and bool(vector) and isinstance(vector[0], int | float | list)
    )
    return is_list or (isinstance(vector, str) and bool(vector))
