"""Errors told with status 200, whole or inside a stream."""

from __future__ import annotations

from typing import Any

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Failed, Sent, by_kind, manner

_ROLE = good.chunk({"role": "assistant", "content": ""})
_WORD = good.chunk({"role": "assistant", "content": "Hello "})
_GATEWAYS = {"error": {"message": "Provider returned error", "code": 524}, "choices": None}
_ANTHROPICS = {"type": "error", "error": {"type": "overloaded_error", "message": "Overloaded"}}

# --- whole ------------------------------------------------------------------------------------

_TOLD = "an error with status 200"
for name, value, message, status in (
    ("code in the error", _GATEWAYS, "Provider returned error", 503),
    ("error is a text", {"error": "CUDA out of memory"}, "CUDA out of memory", 502),
    ("error in a list", [{"error": {"message": "Quota", "code": 500}}], "Quota", 500),
    ("flat", {"object": "error", "message": "It broke", "code": 500}, "It broke", 500),
    ("status as text", {"error": {"message": "Busy", "code": "503"}}, "Busy", 503),
    ("type alone", _ANTHROPICS, "Overloaded", 503),
    ("detail", {"detail": "Model is loading"}, "Model is loading", 502),
    (
        "errors",
        {"success": False, "errors": [{"code": 7000, "message": "No route"}]},
        "No rout",
        502,
    ),
    ("msg", {"code": 500, "msg": "Try later", "data": None}, "Try later", 500),
    ("success false", {"success": False, "message": "Not now"}, "Not now", 502),
    ("nothing", None, "", 502),
    ("a text", "Service is busy", "", 502),
    ("an empty list", [], "", 502),
    ("null beside", {"error": {"message": "Odd"}, "choices": [], "data": None}, "Odd", 502),
):
    manner(_TOLD, f"told {name}", wire.answer(value), Failed(message, status), kinds=kinds.WHOLE)
manner(
    _TOLD,
    "told that the request is wrong",
    wire.answer({"error": {"message": "Too long", "code": 400, "type": "invalid_request_error"}}),
    Failed("Too long", 400, elsewhere=False),
    kinds=kinds.WHOLE,
)
_SILENT = good.completion({"role": "assistant", "content": ""})
manner(
    _TOLD,
    "told beside choices that say nothing",
    wire.answer(_SILENT | {"error": {"message": "Connection lost", "code": 503}}),
    Failed("Connection lost", 503),
)
_FAILED = {
    **good.RESPONSE,
    "status": "failed",
    "error": {"code": "rate_limit_exceeded", "message": "Slow"},
}
for name, output in (("with nothing", []), ("with a part", good.RESPONSE["output"])):
    manner(
        "a response that failed, whole or by its last event",
        f"failed {name}",
        wire.answer({**_FAILED, "output": output}),
        Failed("Slow", 429),
        kinds=[kinds.RESPONSE],
    )
for name, empty in (
    ("empty object", {}),
    ("no answer", {"id": "x", "object": "chat.completion", "usage": good.USAGE}),
    ("null", {"choices": None, "data": None, "output": None, "content": None}),
):
    manner(
        "an answer without `choices`, `data` or `output`, or with empty `choices`",
        name,
        wire.answer(empty),
        Failed("without an answer", 502),
        kinds=kinds.WHOLE,
    )
manner(
    "an answer without `choices`, `data` or `output`, or with empty `choices`",
    "empty choices",
    wire.answer(good.completion() | {"choices": []}),
    Failed("without an answer", 502),
)
for name, data in (
    ("no data", []),
    ("no vector", [{"object": "embedding", "index": 0, "embedding": None}]),
    ("a vector of null", [{"object": "embedding", "index": 0, "embedding": [None, None]}]),
):
    manner(
        "an answer without `choices`, `data` or `output`, or with empty `choices`",
        name,
        wire.answer(good.body(kinds.EMBEDDING) | {"data": data}),
        Failed("without an answer", 502),
        kinds=[kinds.EMBEDDING],
    )
for name, choice in (("no message", {}), ("message null", {"message": None})):
    manner(
        "an answer without `choices`, `data` or `output`, or with empty `choices`",
        name,
        wire.answer(good.completion() | {"choices": [{"finish_reason": "stop", **choice}]}),
        Failed("without an answer", 502),
    )
_REASONS = ("error", "abort", "insufficient_system_resource", "network_error")
_ENDED = "`finish_reason` `error`, `abort`, `insufficient_system_resource` or `network_error`"
for reason in _REASONS:
    manner(
        _ENDED,
        f"finish reason {reason} whole",
        wire.answer(good.completion({"role": "assistant", "content": "Hel"}, reason)),
        Failed(reason, 502),
    )
_BASE = "an error in a member of its own: MiniMax's `base_resp`, Groq's `x_groq`"
for name, own, message, status in (
    ("busy", {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}, "rate limit", 429),
    ("sensitive", {"base_resp": {"status_code": 1027, "status_msg": "sensitive"}}, "sensit", 403),
    ("new", {"base_resp": {"status_code": 9999, "status_msg": "odd"}}, "odd", 502),
    ("over capacity", {"x_groq": {"id": "r", "error": "over capacity"}}, "over capacity", 502),
):
    manner(
        _BASE,
        f"own member: {name}, no answer",
        wire.answer({"choices": None, **own}),
        Failed(message, status),
    )
    manner(
        _BASE,
        f"own member: {name}, beside an answer",
        wire.answer(good.completion(**own)),
        Failed(message, status),
    )

# --- in streams -------------------------------------------------------------------------------

_IN_STREAM: tuple[tuple[str, bytes, str], ...] = (
    ("object", wire.event({"error": {"message": "It broke", "type": "server_error"}}), "It broke"),
    ("text", wire.event({"error": "CUDA out of memory"}), "CUDA out of memory"),
    ("flat", wire.event({"object": "error", "message": "No room", "code": 500}), "No room"),
    ("named", wire.event({"message": "Overloaded", "code": 503}, "error"), "Overloaded"),
    ("named no JSON", wire.event(b"upstream went away", "error"), "upstream went away"),
    ("named after its data", b'data: {"message":"Late"}\nevent: error\n\n', "Late"),
    ("field", b'error: {"code":500,"message":"slot unavailable"}\n\n', "slot unavailable"),
    ("type", wire.event({"type": "error", "message": "Typed", "code": "busy"}), "Typed"),
    ("shape", wire.event({"message": "Shaped", "code": 500}), "Shaped"),
    ("detail", wire.event({"detail": "Detailed"}), "Detailed"),
    ("bare", b'{"error":{"message":"Bare","code":500}}\n\n', "Bare"),
    ("in a list", wire.event([{"error": {"message": "Listed", "code": 503}}]), "Listed"),
    ("errors", wire.event({"errors": [{"message": "Of several"}]}), "Of several"),
    ("own names", wire.event({"error_code": 336100, "error_msg": "High load"}), "High load"),
    ("code and msg", wire.event({"code": 500, "msg": "Try later", "data": None}), "Try later"),
    ("no success", wire.event({"success": False, "message": "No luck"}), "No luck"),
    ("a type", wire.event({"type": "server_error", "message": "Of a type"}), "Of a type"),
    ("fault", wire.event({"fault": {"faultstring": "Quota violated"}}), "Quota violated"),
    ("amazons", wire.event({"throttlingException": {"message": "Throttled"}}), "Throttled"),
)


def streamed(*sent: bytes) -> bytes:
    """Return a stream that ends with its connection."""
    return wire.head(wire.SSE) + b"".join(sent)


for name, told, message in _IN_STREAM:
    for at, before, elsewhere in (
        ("first", b"", True),
        ("after the role", wire.event(_ROLE), True),
        ("later", wire.event(_WORD), False),
    ):
        for end, done in (("", b""), (" then done", wire.DONE)):
            manner(
                "an error inside a stream, however it is told",
                f"event {name} {at}{end}",
                streamed(before, told, done),
                Failed(message, elsewhere=elsewhere),
                kinds=[kinds.CHAT_STREAM],
            )

manner(
    "an error inside a stream, however it is told",
    "kind of error first",
    streamed(
        wire.event(
            {
                "error": "Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8",
                "error_type": "validation",
            }
        )
    ),
    Failed("Input validation", 422, "context_length_exceeded", elsewhere=False),
    kinds=[kinds.CHAT_STREAM],
)
_REASON = good.chunk({"content": ""}, "error", error={"message": "Dropped", "code": 502})
manner(
    _ENDED,
    "finish reason error after a word",
    streamed(wire.events(_WORD, _REASON), wire.DONE),
    Failed("Dropped", elsewhere=False),
    kinds=[kinds.CHAT_STREAM],
)
for reason in _REASONS:
    manner(
        _ENDED,
        f"finish reason {reason} alone",
        streamed(wire.events(_WORD, good.chunk({}, reason)), wire.DONE),
        Failed(reason, elsewhere=False),
        kinds=[kinds.CHAT_STREAM],
    )
for name, own in (
    ("base", {"base_resp": {"status_code": 1002, "status_msg": "rate limit"}}),
    ("groq", {"x_groq": {"id": "r", "error": "rate limit"}}),
):
    for at, before in (("first", b""), ("later", wire.event(_WORD))):
        manner(
            _BASE,
            f"own member: {name} {at} in a stream",
            streamed(before, wire.event(good.chunk({}, **own)), wire.DONE),
            Failed("rate limit", elsewhere=at == "first"),
            kinds=[kinds.CHAT_STREAM],
        )


@by_kind
def _first_of_all(kind: Kind) -> Sent:
    told: Any = {"error": {"message": "Nobody home", "code": 503}}
    if kind is kinds.GENERATION_STREAM:
        return wire.head(wire.NDJSON) + b'{"error":"Nobody home"}\n'
    return streamed(wire.event(told))


manner(
    "an error inside a stream, however it is told",
    "first of all",
    _first_of_all,
    Failed("Nobody home"),
    kinds=kinds.STREAMS,
)


@by_kind
def _after_the_start(kind: Kind) -> Sent:
    told = wire.event(_ANTHROPICS, "error")
    if kind is kinds.RESPONSE_STREAM:
        told = wire.event({"type": "error", "message": "Overloaded", "code": "busy"}, "error")
    return wire.head(wire.SSE) + good.pieces(kind)[0] + told


manner(
    "an error after the first event, before any content",
    "error after the start",
    _after_the_start,
    Failed("Overloaded"),
    kinds=[kinds.CLAUDE_STREAM, kinds.RESPONSE_STREAM],
)


_FAILED_EVENT = wire.event(
    {"type": "response.failed", "sequence_number": 2, "response": {**_FAILED, "output": []}},
    "response.failed",
)
for at, count in (("first", 1), ("later", 2)):
    manner(
        "a response that failed, whole or by its last event",
        f"failed {at}",
        wire.head(wire.SSE) + b"".join(good.pieces(kinds.RESPONSE_STREAM)[:count]) + _FAILED_EVENT,
        Failed("Slow", elsewhere=at == "first"),
        kinds=[kinds.RESPONSE_STREAM],
    )
