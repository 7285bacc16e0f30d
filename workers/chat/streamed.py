"""One streamed call: relays its chunks, and folds them into the response of the job."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from typing import Any, Final

import gevent

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import documents, parse, whole_characters
from shared.errors import Failure, MalformedJson
from shared.jobs.failures import STREAM_BROKEN
from shared.jobs.job import failure_body
from shared.operation import Operation
from shared.wire import response_events
from workers.chat.live import relayed
from workers.chat.opening import Opening
from workers.chat.relay import Relay
from workers.chat.usage import Show, show_all
from workers.folds.by_operation import Fold, fold_of
from workers.heavy import LIGHT_BYTES, away
from workers.providers.answers.ending import until_overdue
from workers.providers.answers.told import is_told
from workers.providers.base import EndedWithoutDone, ProviderError
from workers.providers.redaction import cleaned, redactor

_NO_JSON: Final = replace(
    STREAM_BROKEN,
    message="The stream broke off with something that is no JSON; "
    "what came before it is not the whole answer.",
)
#: Status of an error that a provider tells inside a stream, where there is no status any more.
_ERROR_STATUS: Final = 502
#: What the error event of the Responses API says at its top level.
_OF_AN_ERROR: Final = ("message", "code", "param")


def relay_stream(
    relay: Relay,
    chunks: Iterable[bytes],
    operation: Operation = Operation.CHAT,
    show: Show = show_all,
    *,
    asks_for_one: bool = True,
) -> bytes:
    """Pass all chunks on that `show` lets through; return the operation's whole answer as JSON.

    `asks_for_one`: whether the answer is whole as soon as one choice is.
    Raises StreamRefused; and ProviderError, which is transient as long as nothing was passed on:
    after that another attempt would say something else from the start.
    """
    fold = fold_of(operation, of_one=asks_for_one)
    if asks_for_one:
        chunks = until_overdue(chunks, lambda: fold.is_complete)

    def ask() -> bytes:
        _relay(Opening(relay, operation), fold, chunks, show)
        return _whole(fold)

    return relayed(relay, ask)


def _relay(opening: Opening, fold: Fold, chunks: Iterable[bytes], show: Show) -> None:
    try:
        _relay_all(opening, fold, chunks, show)
    except (EndedWithoutDone, gevent.Timeout):
        # Some servers never say [DONE], or something that is no JSON; with every finish reason
        # there, nothing is missing.
        if not fold.is_complete:
            raise
    else:
        # Clients wait to be told why it ends.
        if end := fold.finish():
            opening.send(to_json_bytes(end), end)
    if fold.is_complete:
        opening.end()


def _relay_all(opening: Opening, fold: Fold, chunks: Iterable[bytes], show: Show) -> None:
    for chunk in chunks:
        try:
            value = _parsed(chunk)
        except UnicodeDecodeError:
            chunk = whole_characters(chunk)  # noqa: PLW2901 - so it is told on
            value = _parsed(chunk)
        except EndedWithoutDone:
            if not (several := _apart(chunk)):
                raise
            _relay_all(opening, fold, several, show)
            continue
        _add(fold, value, chunk)
        shown = show(chunk, value)
        if shown is not None:
            opening.send(shown, value)


def _apart(chunk: bytes) -> list[bytes]:
    """Return the chunks that one event holds behind one another, as some servers have them."""
    found = documents(chunk.decode()) if len(chunk) <= LIGHT_BYTES else ()
    return [text.encode() for _, text in found]


def _whole(fold: Fold) -> bytes:
    """Return the folded response. Raises ProviderError: a stream that broke off is no answer."""
    if not fold.is_complete:
        raise ProviderError(STREAM_BROKEN, transient=True)
    try:
        return fold.whole()
    except MalformedJson as exc:
        # Python reads more than JSON has (NaN): such an answer could not be stored.
        raise ProviderError(STREAM_BROKEN, transient=True) from exc


def _add(fold: Fold, value: dict[str, Any], chunk: bytes) -> None:
    try:
        fold.add(value, chunk)
    except RecursionError as exc:
        raise ProviderError(STREAM_BROKEN, transient=True) from exc


def _parsed(chunk: bytes) -> dict[str, Any]:
    """Return the chunk as an object. Raises ProviderError for what is none, and for an error.

    Raises UnicodeDecodeError for pieces of characters.
    """
    try:
        # Nearly all are light: no step more for them than there must be.
        is_light = len(chunk) <= LIGHT_BYTES
        value = parse(chunk) if is_light else away(len(chunk), lambda: parse(chunk))
    except UnicodeDecodeError:
        raise
    except ValueError as exc:
        raise EndedWithoutDone(_NO_JSON, transient=True) from exc
    if not isinstance(value, dict):
        raise ProviderError(STREAM_BROKEN, transient=True)
    if isinstance(value.get("error"), dict) and is_told(value["error"]):
        raise _told_error(value["error"])
    if value.get("type") == response_events.ERROR:
        raise _told_error({name: value.get(name) for name in _OF_AN_ERROR})
    return value


def _told_error(told: dict[str, Any]) -> ProviderError:
    # The dialects tell errors first; what passes them by shows no secret either.
    told = cleaned(told, redactor(frozenset()))
    failure = Failure(
        status=_ERROR_STATUS,
        type=str(told.get("type") or "server_error"),
        code=str(told["code"]) if told.get("code") is not None else None,
        message=str(told.get("message") or "The provider reported an error."),
        error_code="BadGateway",
    )
    body = {**json.loads(failure_body(failure)), "error": told}
    return ProviderError(failure, transient=True, body=to_json_bytes(body))
