"""A whole answer as the events of a stream, for a client that asked for one and got JSON. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import documents, parse
from shared.operation import Operation
from shared.wire import response_events
from shared.wire.answers.call_pieces import with_text
from shared.wire.answers.finish_reasons import reason_in, unusual_reason
from shared.wire.answers.said import object_of, objects
from workers.providers.answers.ending import adds
from workers.providers.answers.shape import in_shape
from workers.providers.answers.wrapped import MOST_MENDED

Json = dict[str, Any]

#: How a response ends whose status is this; any other is a whole one.
_ENDS: Final = {"incomplete": "response.incomplete", "failed": "response.failed"}
#: How some servers call the end of a response, however it ends.
DONE: Final = "response.done"
_DONE: Final = b"[DONE]"
_CHUNK: Final = "chat.completion.chunk"
#: An event of this size is not read to see that it says something (bytes).
_LARGE_BYTES: Final = 65_536


def events_of(operation: Operation, body: bytes, *, has_said: bool = False) -> list[bytes]:
    """Return the events that tell what the body does, each one as JSON.

    A body that holds events already, as a list or as lines, is taken apart. `has_said`: deltas
    before it have told what is said, and a whole chat behind them (MiniMax's) adds how it ended.
    Raises ValueError for what is no JSON.
    """
    values = [in_shape(operation, value) for value in values_of(body)]
    if operation is Operation.COMPLETION and len(values) > 1:
        # Chunks of texts look like whole ones.
        return [to_json_bytes(value) for value in values]
    told: list[Any] = []
    for value in values:
        told += _told(operation, value, has_said=has_said)
        has_said = has_said or _says(value)
    return [to_json_bytes(value) for value in told]


def says(event: bytes) -> bool:
    """Whether a delta in the event has a piece of what is said."""
    if len(event) > _LARGE_BYTES:
        return b'"delta"' in event
    try:
        return b'"delta"' in event and any(map(_says, values_of(event)))
    except ValueError:
        return False


def _says(value: Any) -> bool:
    return any("delta" in one and adds(one) for one in objects(object_of(value).get("choices")))


def values_of(body: bytes) -> list[Any]:
    """Return the values of a document, a list of them, several, or lines. Raises ValueError."""
    try:
        value = parse(body)
    except ValueError:
        is_small = len(body) <= MOST_MENDED
        if is_small and (several := documents(body.decode("utf-8", "replace"))):
            return [one for one, _ in several]
        # Lines; behind the first one events may follow.
        lines = (line.removeprefix(b"data:").strip() for line in body.splitlines())
        return [parse(line) for line in lines if line not in (b"", _DONE)]
    return value if isinstance(value, list) else [value]


def _told(operation: Operation, value: Any, *, has_said: bool) -> Iterator[Any]:
    is_response = operation is Operation.RESPONSE and isinstance(value, dict)
    if is_response and isinstance(value.get("output"), list):
        yield from _of_response(response_events.finished(value))
    elif operation is Operation.RESPONSE and _is_done(value):
        response = response_events.finished(value["response"])
        yield value | {"type": _end_of(response), "response": response}
    elif isinstance(value, dict) and _is_whole(value):
        if operation is Operation.CHAT and value.get("object") == _CHUNK:
            # Its deltas are called messages: it ends when it says so.
            yield value | {"choices": [_begun(choice) for choice in value["choices"]]}
        else:
            yield from _of_choices(operation, value, has_said=has_said)
    else:
        yield value


def _is_done(value: Any) -> bool:
    is_event = isinstance(value, dict) and value.get("type") == DONE
    return is_event and isinstance(value.get("response"), dict)


def _is_whole(value: Json) -> bool:
    """Whether these are the choices of a whole answer, and not of a chunk."""
    choices = value.get("choices")
    return (
        isinstance(choices, list)
        and bool(choices)
        and all(isinstance(choice, dict) and "delta" not in choice for choice in choices)
    )


def _of_choices(operation: Operation, value: Json, *, has_said: bool) -> Iterator[Json]:
    is_chat = operation is Operation.CHAT
    head = {name: member for name, member in value.items() if name not in ("choices", "usage")}
    if is_chat:
        head["object"] = _CHUNK
    choices = [_begun(choice) if is_chat else choice for choice in value["choices"]]
    if not has_said:
        yield head | {"choices": [choice | {"finish_reason": None} for choice in choices]}
    yield head | {"choices": [_ended(choice, is_chat=is_chat) for choice in value["choices"]]}
    if value.get("usage") is not None:
        yield head | {"choices": [], "usage": value["usage"]}


def _begun(choice: Json) -> Json:
    """Return a chat's choice with its message as a delta; calls of tools get their index."""
    message = choice.get("message")
    delta = dict(message) if isinstance(message, dict) else {}
    calls = delta.get("tool_calls")
    if isinstance(calls, list):
        delta["tool_calls"] = [
            {"index": number, **with_text(call)} if isinstance(call, dict) else call
            for number, call in enumerate(calls)
        ]
    rest = {name: member for name, member in choice.items() if name != "message"}
    return rest | {"delta": delta}


def _ended(choice: Json, *, is_chat: bool) -> Json:
    nothing: Json = {"delta": {}} if is_chat else {"text": ""}
    index = choice.get("index", 0)
    fitting = "tool_calls" if object_of(choice.get("message")).get("tool_calls") else "stop"
    reason = reason_in(choice) or unusual_reason(choice) or fitting
    return {"index": index, **nothing, "finish_reason": reason}


def _of_response(response: Json) -> Iterator[Json]:
    """Yield the events that clients need to follow a response: its items, their texts, its end."""
    events = [
        {"type": "response.created", "response": _not_yet(response)},
        *(event for number, item in enumerate(response["output"]) for event in _item(number, item)),
        {"type": _end_of(response), "response": response},
    ]
    for number, event in enumerate(events):
        yield {"sequence_number": number, **event}


def _end_of(response: Json) -> str:
    return _ENDS.get(str(response.get("status")), "response.completed")


def _not_yet(response: Json) -> Json:
    return response | {"status": "in_progress", "output": [], "usage": None}


def _item(number: int, item: Any) -> Iterator[Json]:
    if not isinstance(item, dict):
        return
    parts = item.get("content") if item.get("type") == "message" else None
    parts = parts if isinstance(parts, list) else []
    empty = item | {"status": "in_progress"} | ({"content": []} if parts else {})
    yield {"type": "response.output_item.added", "output_index": number, "item": empty}
    for place, part in enumerate(parts):
        if isinstance(part, dict) and part.get("type") == "output_text":
            at = {"item_id": item.get("id"), "output_index": number, "content_index": place}
            yield from _text(at, part)
    yield {"type": "response.output_item.done", "output_index": number, "item": item}


def _text(at: Json, part: Json) -> Iterator[Json]:
    text = part.get("text") or ""
    begun = part | {"text": ""}
    yield {"type": "response.content_part.added", **at, "part": begun}
    yield {"type": "response.output_text.delta", **at, "delta": text, "logprobs": []}
    yield {"type": "response.output_text.done", **at, "text": text, "logprobs": []}
    yield {"type": "response.content_part.done", **at, "part": part}
