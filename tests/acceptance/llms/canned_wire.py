"""Answers of the other APIs as LLM servers may give them: odd, whole and broken."""

from __future__ import annotations

import json
from typing import Any

from tests.acceptance.llms.canned_llm import Answer, SseAnswer
from tests.acceptance.llms.canned_streams import DONE, data

Json = dict[str, Any]

COMPLETION = (
    b'{ "id":"cmpl-1","object":"text_completion","created":1735689600, "model":"odd","choices":'
    b'[{"index":0,"text":"raw \xc3\xbc \\u00fc","logprobs":null,"finish_reason":"stop","x":1.50}],'
    b'"usage":{"total_tokens":3},"big":123456789012345678901234567890 }'
)
EMBEDDING = (
    b'{"object":"list","data":[{"object":"embedding","index":0,"embedding":[0.10,-1E-3,1e400,-0.0]}'
    b',{"object":"embedding","index":1,"embedding":"AACAPwAAAEA="}],"model":"odd","usage":null}\n'
)
RESPONSE = (
    b'{ "id":"resp_theirs1","object":"response","created_at":1735689600.0,"status":"completed",'
    b'"background":false, "model":"odd","x_new":{"id":"kept","n":1.50},"output":[{"id":"msg_1",'
    b'"type":"message","role":"assistant","status":"completed","content":[{"type":"output_text",'
    b'"text":"Hi \\u00fc","annotations":[]}]}],"parallel_tool_calls":true,"tool_choice":"auto",'
    b'"tools":[],"usage":null}'
)


def text_chunk(text: str, finish: str | None = None, *, index: int = 0, **fields: Any) -> Json:
    """Return a chunk of a text completion."""
    choice = {"index": index, "text": text, "finish_reason": finish, **fields}
    head = {"id": "cmpl-1", "object": "text_completion", "created": 1735689600, "model": "odd"}
    return {**head, "choices": [choice]}


def _logprobs(token: str, offset: int) -> Json:
    return {
        "tokens": [token],
        "token_logprobs": [-0.5],
        "top_logprobs": [{token: -0.5}],
        "text_offset": [offset],
    }


TEXT_CHUNKS: list[Json] = [
    text_chunk("red", logprobs=_logprobs("red", 0), index=0),
    text_chunk("blue", logprobs=_logprobs("blue", 0), index=1),
    text_chunk(" one", logprobs=_logprobs(" one", 4), index=1),
    text_chunk(" two", logprobs=_logprobs(" two", 3), index=0, x_new={"n": 1}),
    text_chunk("", "stop", index=0),
    text_chunk("", "length", index=1),
]

#: As a provider writes them, with what no schema knows.
EVENTS: tuple[bytes, ...] = (
    (
        b'{"type":"response.created","sequence_number":0,"response":{"id":"resp_theirs2","status":'
        b'"in_progress","x":1.50}}'
    ),
    (
        b'{ "type":"response.output_text.delta" ,"sequence_number":1,"item_id":"msg_1",'
        b'"output_index":0,"content_index":0,"delta":"H\\u00fc ","logprobs":[],"x_new":{"a":1E2}}'
    ),
    b'{"sequence_number":2,"type":"response.something_new","y":[1.0]}',
    b'{"sequence_number":3,"type":"response.completed","response":' + RESPONSE + b"}",
)


def named(*events: bytes) -> bytes:
    """Return events on the wire, each with its name."""
    return b"".join(b"event: %b\ndata: %b\n\n" % (_name(event), event) for event in events)


def _name(event: bytes) -> bytes:
    return str(json.loads(event)["type"]).encode()


_FAILS = b'{"type":"response.created","sequence_number":0,"response":{"id":"resp_f"}}'
_FAILED = (
    b'{"type":"response.failed","sequence_number":1,"response":{"id":"resp_f","object":"response",'
    b'"status":"failed","error":{"code":"server_error","message":"It broke."},"output":[]}}'
)
ERROR = b'{"type":"error","sequence_number":2,"code":"busy","message":"Overloaded","param":null}'

CANNED_WIRE: dict[str, Answer] = {
    "odd-completion": (200, COMPLETION),
    "odd-embedding": (200, EMBEDDING),
    "odd-response": (200, RESPONSE),
    "text-sse": SseAnswer((data(*TEXT_CHUNKS), DONE)),
    "text-sse-unfinished": SseAnswer((data(*TEXT_CHUNKS[:-1]), DONE)),
    "response-sse": SseAnswer(tuple(named(event) for event in EVENTS)),
    "response-sse-slow": SseAnswer(tuple(named(event) for event in EVENTS), pause_s=1.0),
    "response-sse-ended": SseAnswer((named(*EVENTS[:2]),)),
    "response-sse-failed": SseAnswer((named(_FAILS, _FAILED),)),
    "response-sse-error": SseAnswer((named(*EVENTS[:2], ERROR),)),
}
