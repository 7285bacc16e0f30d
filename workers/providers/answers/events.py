"""The events of a stream: which ones are errors, by their name, a field or their shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.codecs.sse import ErrorEvent
from shared.codecs.strict_json import parse, whole_characters
from shared.operation import Operation
from shared.wire.answers.finish_reasons import may_tell_failure
from workers.heavy import away
from workers.providers.answers.told import ToldInstead, error_beside_answer, error_in
from workers.providers.base import EndedWithoutDone, ProviderCall, ProviderError
from workers.providers.http_errors import error_told, named_by_type, unreachable
from workers.providers.told_errors import Told

#: What an event of the operation has, as it is written, unless it is something else.
_MARKS: Final[Mapping[Operation, bytes]] = {
    Operation.CHAT: b'"choices"',
    Operation.COMPLETION: b'"choices"',
    Operation.RESPONSE: b'"response.',
    Operation.OLLAMA_GENERATE: b'"response"',
}


def judge(call: ProviderCall, event: bytes) -> None:
    """Raise ProviderError if the event tells an error.

    Most events are not even parsed here: one that has what it should, and the word nowhere, is
    none. (In a text the word has no quotation marks, but for such as are escaped.)
    """
    mark = _MARKS.get(call.operation, b'"type"')
    if mark in event and not names_error(event) and type(event) is bytes:
        return
    value = away(len(event), lambda: value_of(call, event))
    # Words in the place of an object are what went wrong.
    found = error_in(value, named=isinstance(event, ErrorEvent) or isinstance(value, str))
    if found is None and isinstance(value, dict):
        found = error_beside_answer(value)
    if found is not None:
        raise error_of_told(call, found)


def names_error(event: bytes) -> bool:
    r"""Whether an object in the event may have a member `error`, be named so, or tell one. Quick.

    Nobody has to escape a small letter (`\u0065rror`); whoever does is read to the end.
    """
    # As the end of a reason, too: `network_error`.
    is_told = b'error"' in event or b'"base_resp"' in event or may_tell_failure(event)
    return is_told or b"\\u006" in event or b"\\u007" in event


def value_of(call: ProviderCall, event: bytes) -> Any:
    """Return what an event says: the text of an error that is no JSON. Raises ProviderError."""
    try:
        return parse(event)
    except UnicodeDecodeError:
        return value_of(call, type(event)(whole_characters(event)))
    except ValueError as exc:
        if isinstance(event, ErrorEvent):
            return event.decode("utf-8", "replace")
        # Behind all that there is to say it is no more than a bad ending.
        no_json = unreachable(call, "sent an event that is no JSON", 502)
        raise EndedWithoutDone(no_json.failure, transient=True) from exc


def error_of_told(call: ProviderCall, found: ToldInstead) -> ProviderError:
    """Return the error as it is raised."""
    # What OpenAI calls a code is the type of Anthropic's errors.
    is_by_type = call.provider.type == "anthropic"
    told = named_by_type(found.told) if is_by_type else found.told
    if told.is_silent:
        told = Told(f"Provider '{call.provider.name}' reported an error.")
    return error_told(call, found.status, told)
