"""Refusals told by HTTP's status: whose matter they are, in each form that an error has."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from tests.upstreams import good, kinds, wire
from tests.upstreams.kinds import Kind
from tests.upstreams.manner import Completed, Failed, Sent, by_kind, manner
from tests.upstreams.server import Asked, Reply

#: Both ways to ask, and the dialect that reads errors in its own way.
_KINDS = (kinds.CHAT, kinds.CHAT_STREAM, kinds.CLAUDE)


def refusing(value: Any, status: str, kind: str = wire.JSON, **headers: str) -> bytes:
    """Return a refusal."""
    return wire.answer(value, status, kind, **headers)


_FLAGGED = {
    "error": {"message": "Input was flagged", "code": 403, "metadata": {"reasons": ["violence"]}}
}
_NO_ACCESS = {"error": {"message": "Project `p` has no access to `m`", "code": "model_not_found"}}
_UNPAID = {"error": {"message": "Insufficient Balance", "type": "unknown_error"}}
_LOW_CREDIT = {
    "type": "error",
    "error": {
        "type": "invalid_request_error",
        "message": "Your credit balance is too low to access the Anthropic API.",
    },
}
_ITS_OWN = (
    "400 or 413 that is about this provider: the prompt is flagged, its settings, its name of the "
    "model, what it takes in a minute"
)
for title, name, sent, ends in (
    (
        "403: the prompt is flagged, or may not be served",
        "flagged",
        refusing(_FLAGGED, "403 Forbidden"),
        Failed("flagged: violence", 403),
    ),
    (
        "403 or 404: this model is not for us, or not there",
        "model not for us",
        refusing(_NO_ACCESS, "403 Forbidden"),
        Failed("has no access", 403),
    ),
    (
        "403 or 404: this model is not for us, or not there",
        "model not there",
        refusing({"error": 'model "m" not found, try pulling it first'}, "404 Not Found"),
        Failed("not found", 404),
    ),
    (
        "404, 405 or 501: there is no such address, or no such operation",
        "no such address",
        refusing(b"404 page not found\n", "404 Not Found", "text/plain"),
        Failed("page not found", 404),
    ),
    (
        "404, 405 or 501: there is no such address, or no such operation",
        "no such method",
        refusing({"detail": "Method Not Allowed"}, "405 Method Not Allowed"),
        Failed("Method Not Allowed", 405),
    ),
    (
        "404, 405 or 501: there is no such address, or no such operation",
        "no such operation",
        refusing({"error": {"message": "not supported here"}}, "501 Not Implemented"),
        Failed("not supported here", 501),
    ),
    (
        "402, or a 400 or 429 that says the account is used up",
        "unpaid",
        refusing(_UNPAID, "402 Payment Required"),
        Failed("Insufficient Balance", 402),
    ),
    (
        "402, or a 400 or 429 that says the account is used up",
        "low credit",
        refusing(_LOW_CREDIT, "400 Bad Request"),
        Failed("credit balance", 400),
    ),
    (
        "402, or a 400 or 429 that says the account is used up",
        "no quota",
        refusing({"error": {"message": "No", "code": "insufficient_quota"}}, "429 Too Many"),
        Failed("No", 429),
    ),
    (
        "401, or a 400 that says it: our key is refused",
        "wrong key",
        refusing({"error": {"message": "Incorrect API key: sk-proj-Abc123De456"}}, "401 No"),
        Failed("refused the gateway's credentials", 502, without="Abc123"),
    ),
    (
        "401, or a 400 that says it: our key is refused",
        "wrong key by 400",
        refusing([{"error": {"message": "API key not valid. Please pass it."}}], "400 No"),
        Failed("refused the gateway's credentials", 502),
    ),
    *(
        (
            _ITS_OWN,
            name,
            refusing({"error": error}, status),
            Failed(error["message"], int(status[:3])),
        )
        for name, status, error in (
            ("flagged by 400", "400 No", {"message": "It was filtered", "code": "content_filter"}),
            ("flagged in words", "400 No", {"message": "Content Exists Risk"}),
            ("not its model", "400 No", {"message": "No m here", "param": "model"}),
            ("not its operation", "400 No", {"message": "m does not support tools"}),
            ("too much at once", "413 No", {"message": "No", "code": "rate_limit_exceeded"}),
        )
    ),
    (
        "a redirect",
        "moved",
        wire.head(None, "308 Moved", location="https://e.example/v1?key=1", content_length="0"),
        Failed(
            "redirects to https://e.example/v1 (308)", 502, "provider_redirected", without="key="
        ),
    ),
    (
        "a page of HTML as an error",
        "page",
        refusing(b"<html><head><title>502 Bad\n Gateway</title></head>", "502 Bad", "text/html"),
        Failed("with a page: 502 Bad Gateway", 502),
    ),
    (
        "a page of HTML as an error",
        "a document of XML",
        refusing(
            b'<?xml version="1.0"?><Error><Code>Denied</Code><Message>Not for you</Message>',
            "403 No",
            "application/xml",
        ),
        Failed("with a page: Not for you", 403),
    ),
    (
        "a page of HTML as an error",
        "too large for its proxy",
        refusing(b"<html><title>413 Too Large</title></html>", "413 Too Large", "text/html"),
        Failed("with a page: 413 Too Large", 413),
    ),
    (
        "an error without a body, or one that says nothing",
        "nothing said",
        refusing(b"", "500 Odd"),
        Failed("answered 500.", 500),
    ),
):
    manner(title, f"refuses: {name}", sent, ends, kinds=_KINDS)

# --- forms ------------------------------------------------------------------------------------

_FORMS: tuple[tuple[str, Any], ...] = (
    ("openai", {"error": {"message": "Bad x", "type": "t", "param": "x", "code": "c"}}),
    ("gemini", [{"error": {"code": 400, "message": "Bad x", "status": "INVALID_ARGUMENT"}}]),
    ("text", {"error": "Bad x"}),
    ("vllm", {"object": "error", "message": "Bad x", "type": "BadRequestError", "code": 400}),
    ("fastapi", {"detail": [{"loc": ["body", "x"], "msg": "Bad x", "type": "t"}]}),
    ("fastapi text", {"detail": "Bad x"}),
    ("mistral", {"object": "error", "message": {"detail": [{"loc": ["x"], "msg": "Bad x"}]}}),
    ("anthropic", {"type": "error", "error": {"type": "t", "message": "Bad x"}}),
    ("cloudflare", {"success": False, "errors": [{"code": 7003, "message": "Bad x"}]}),
    ("openrouter", {"error": {"message": "E", "metadata": {"raw": '{"error":"Bad x"}'}}}),
    ("amazon", {"__type": "a#ValidationException", "message": "Bad x"}),
    ("rfc 9457", {"type": "https://e.com", "title": "T", "status": 400, "detail": "Bad x"}),
    ("plain text", b"Bad x\n"),
    ("event", b'event: error\ndata: {"error":{"message":"Bad x"}}\n\n'),
    ("bom", b"\xef\xbb\xbf" + json.dumps({"error": "Bad x"}).encode()),
)
for name, value in _FORMS:
    manner(
        "an error's body in any form of the field (OpenAI, Gemini, vLLM, FastAPI, Mistral, …)",
        f"form {name}",
        refusing(value, "400 Bad Request"),
        Failed("Bad x", 400, elsewhere=False),
        kinds=_KINDS,
    )
manner(
    "an error with control characters and line breaks in its words",
    "forged words",
    refusing({"error": "Bad\r\n2026 CRITICAL forged\x1b[2J\x00"}, "400 Bad Request"),
    Failed("2026 CRITICAL forged", 400, elsewhere=False, without="\x1b"),
    kinds=_KINDS,
)


def _endless_error(status: str, piece: bytes) -> Reply:
    def reply(_asked: Asked) -> Iterator[bytes]:
        yield wire.head(wire.JSON, status)
        while True:
            yield piece

    return reply


for name, piece in (("text", b"x" * 65_536), ("json", b'{"error":"Bad"},' * 4096)):
    manner(
        "an error whose body is huge, or does not end",
        f"endless error {name}",
        _endless_error("500 Odd", piece),
        Failed("", 500),
        kinds=_KINDS,
    )
manner(
    "an error whose body is huge, or does not end",
    "error of deep lists",
    refusing(b"[" * 100_000, "500 Odd"),
    Failed("[[[", 500),
    kinds=_KINDS,
)

# --- waits ------------------------------------------------------------------------------------


_BUSY = (
    "429 with `Retry-After` (fractions, units, a date, a moment), `retry-after-ms`, the moment at "
    "which a limit that is used up begins anew, Google's `retryDelay`, or a wait in words"
)


def _busy_first(details: Any = None, **headers: str) -> Any:
    @by_kind
    def make(kind: Kind) -> Sent:
        told = {"error": {"message": "Slow down", "details": details}}
        busy = refusing(told, "429 Too Many", **headers)

        def reply(asked: Asked) -> list[bytes]:
            return [busy] if asked.number == 1 else good.answer(kind)

        return reply

    return make


for name, headers in (
    ("in Google's words", {"details": [{"retryDelay": "0.5s"}]}),
    ("fractional", {"retry_after": "0.5"}),
    ("in milliseconds", {"retry_after_ms": "500"}),
    ("as a date of old", {"retry_after": "Wed, 21 Oct 2015 07:28:00 GMT"}),
    ("nonsense", {"retry_after": "soon"}),
    ("with its unit", {"retry_after": "500ms"}),
    ("as a moment", {"retry_after": "1445412480"}),
    ("until its limit begins anew", {"x_ratelimit_reset_requests": "0.5s"}),
):
    manner(
        _BUSY,
        f"busy {name}",
        _busy_first(**headers),
        Completed(),
        kinds=_KINDS,
        calls=2,
    )
manner(
    _BUSY,
    "busy for longer than the job has",
    refusing({"error": {"message": "Slow down"}}, "429 Too Many", retry_after="99999"),
    Failed("Slow down", 429),
    kinds=_KINDS,
)

# --- secrets in streams -----------------------------------------------------------------------

_KEY = "sk-proj-Abc123Def456Ghi789"
for name, told in (
    ("in its message", {"error": {"message": f"Bad key {_KEY}"}}),
    ("beside it", {"error": {"message": "Bad", "metadata": {"seen": [_KEY], _KEY: 1}}}),
    ("with an escaped name", b'{"choices":[],"\\u0065rror":{"message":"Bad %b"}}' % _KEY.encode()),
):
    for at, before in (("first", b""), ("later", wire.event(good.CHUNKS[1]))):
        manner(
            "a secret in an error that a stream tells",
            f"secret {name} {at}",
            wire.head(wire.SSE) + before + wire.event(told) + wire.DONE,
            Failed("Bad", elsewhere=at == "first", without="Abc123"),
            kinds=[kinds.CHAT_STREAM],
        )
