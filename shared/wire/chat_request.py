"""A request as clients send it, and what of it goes to the LLM: their text, untouched.

Chats are read here; `operation_request.py` reads the other operations with the same parts.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from shared.codecs.json_text import Edit, members, parse_document, splice
from shared.operation import Operation
from shared.wire import chat_validation, naming
from shared.wire.group_id import read_group_id
from shared.wire.queueing import flow_control
from shared.wire.queueing.flow_control import Flow, read_flow
from shared.wire.queueing.tier import Tier, read_tier
from shared.wire.run_after import read_run_after

#: What is told to the gateway. Few of them are there: the others are not looked for.
_OURS: Final = frozenset(naming.GATEWAY_FIELDS)


@dataclass(frozen=True, slots=True)
class ChatRequest:
    """What the LLM is asked.

    `body` is the client's own text; only known names are re-spelled and the gateway's own fields
    taken out. The public name of the model is still in it.
    """

    #: Empty where a request may leave it out and has.
    model: str
    body: str
    stream: bool
    operation: Operation = Operation.CHAT
    #: What it has in common with another one for the same, where the body names what differs.
    same_as: str = ""


@dataclass(frozen=True, slots=True)
class ChatCall:
    """A request with what the gateway is told about it."""

    chat: ChatRequest
    ref_id: str | None
    provider: str | None
    tag: str | None
    reply_to: str | None
    timeout_s: float | None
    #: As `shared/wire/run_after.py` writes it; empty for at once.
    run_after: str = ""
    flow: Flow | None = None
    #: As the request wishes it.
    tier: Tier | None = None
    #: The group that it joins; empty for none.
    group_id: str = ""

    def fingerprint(self) -> str:
        """Return what two calls have in common when they ask for the same: SHA-256, in hex.

        White space and the order of names do not count; numbers count as they are written.
        """
        about: list[object] = [self.reply_to, self.provider, self.tag, self.timeout_s]
        if self.chat.operation is not Operation.CHAT:
            about.append(self.chat.operation)
        if self.run_after:
            about.append(self.run_after)
        if self.flow:
            about.append({"flow": list(self.flow)})
        if self.tier:
            about.append({"priority": self.tier})
        if self.group_id:
            about.append({"group": self.group_id})
        canonical = _to_canonical([about, _from_canonical(self.chat.same_as or self.chat.body)])
        return hashlib.sha256(canonical.encode("utf-8", "surrogatepass")).hexdigest()


def parse_chat_completion(raw: bytes) -> ChatCall:
    """Read a chat request with the gateway's fields at its top level.

    Raises MalformedJson, and ValidationFailed with the field.
    """
    text, value = parse_document(raw)
    changes = naming.find_changes(value, naming.CHAT_COMPLETION)
    whole = chat_validation.validate(value, chat_validation.CHAT_COMPLETION)
    return with_whole(read_call(text, value, changes, Operation.CHAT)[0], whole)


def read_call(
    text: str, value: object, changes: naming.Changes | None, operation: Operation
) -> tuple[ChatCall, dict[str, Any]]:
    """Return the call that a document is, and its fields. It was validated, by these changes."""
    fields = _object(value)
    return _call(fields, _changed(text, 0, len(text), changes), fields, operation), fields


def parse_queue_chat_completion(raw: bytes) -> ChatCall:
    """Read a chat request in AI Server's envelope; the envelope's fields win over the request's.

    Raises MalformedJson, and ValidationFailed with the field.
    """
    return read_queue_chat_completion(*parse_document(raw))


def read_queue_chat_completion(text: str, value: object) -> ChatCall:
    """Read the same of a document that is parsed. Raises ValidationFailed with the field."""
    changes = naming.find_changes(value, naming.QUEUE_CHAT_COMPLETION)
    whole = chat_validation.validate(value, chat_validation.QUEUE_CHAT_COMPLETION)
    return with_whole(read_envelope(text, value, changes, Operation.CHAT), whole)


def read_envelope(
    text: str, value: object, changes: naming.Changes | None, operation: Operation
) -> ChatCall:
    """Return the call that an envelope holds. It was validated, by these changes."""
    envelope = _object(value)
    request = _object(envelope["request"])
    body = _request_body(text, changes)
    told = {name: request[name] for name in _OURS.intersection(request)}
    told |= {name: envelope[name] for name in _OURS.intersection(envelope) if envelope[name]}
    if told.get(flow_control.KEY):
        beside = envelope if envelope.get(flow_control.KEY) else request
        told |= {name: beside.get(name) for name in flow_control.LIMITS}
    else:
        # Those in the request are the provider's.
        flow_control.refuse_limits_alone(envelope)
    return _call(request, body, told, operation)


def with_model(body: str, model: str) -> str:
    """Return the body with this model's name in it; the same text if it is there already."""
    return with_values(body, {"model": model})


def with_whole(call: ChatCall, names: Collection[str]) -> ChatCall:
    """Return the call with the numbers of these fields written as whole ones, which they are."""
    if not names:
        return call
    body = call.chat.body
    edits = [
        Edit(member.value_start, member.end, str(int(member.value)))
        for member in members(body)
        if member.name in names and isinstance(member.value, float)
    ]
    return replace(call, chat=replace(call.chat, body=splice(body, edits)))


def with_values(body: str, values: Mapping[str, object]) -> str:
    """Return the object with these values in the place of those that its members have."""
    edits = [
        Edit(member.value_start, member.end, json.dumps(values[member.name]))
        for member in members(body)
        if member.name in values and member.value != values[member.name]
    ]
    return splice(body, edits) if edits else body


def _call(
    chat: dict[str, Any],
    body: str,
    told: dict[str, Any],
    operation: Operation = Operation.CHAT,
) -> ChatCall:
    timeout_s, provider = told.get("timeoutSecs"), told.get("provider")
    return ChatCall(
        chat=ChatRequest(chat.get("model", ""), body, chat.get("stream") is True, operation),
        ref_id=told.get("refId") or None,
        provider=provider if isinstance(provider, str) and provider else None,
        tag=told.get("tag") or None,
        reply_to=told.get("replyTo") or None,
        timeout_s=None if timeout_s is None else float(timeout_s),
        run_after=read_run_after(told.get("runAfter")),
        flow=read_flow(told) if told.get("flowKey") else None,
        tier=read_tier(told.get("priority")),
        group_id=read_group_id(told.get("groupId")),
    )


def _request_body(text: str, changes: naming.Changes | None) -> str:
    below = changes.below if changes else {}
    request = next(member for member in members(text) if naming.fold(member.name) == "request")
    return _changed(text, request.value_start, request.end, below.get(request.name))


def _changed(text: str, start: int, end: int, changes: naming.Changes | None) -> str:
    edits = naming.edits(text, start, changes) if changes else []
    return splice(text, edits, start, end) if edits else text[start:end]


def _object(value: object) -> dict[str, Any]:
    assert isinstance(value, dict)  # noqa: S101 - it was validated
    return value


def _members_in_order(pairs: list[tuple[str, object]]) -> dict[str, object]:
    # A list, not a dict, because a name may be repeated; an order of names only, because values
    # cannot be compared. Objects and numbers get a name that nothing else in the result has.
    return {"object": sorted(pairs, key=lambda pair: pair[0])}


_from_canonical = json.JSONDecoder(
    object_pairs_hook=_members_in_order, parse_float=lambda lexeme: {"number": lexeme}
).decode
_to_canonical = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, separators=(",", ":")
).encode
