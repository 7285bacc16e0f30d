"""Answers as LLM servers may give them, which must come back byte for byte."""

from __future__ import annotations

_COMPLETION = (
    '{ "id":"chatcmpl-1","object":"chat.completion",\t"created":1735689600,"model":"%s",\r\n'
    ' "choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant",'
    '"content":"%s","refusal":null}}],"usage":{"total_tokens":3}%s}'
)


def _completion(model: str, content: str = "Hi", more: str = "") -> tuple[int, bytes]:
    return 200, (_COMPLETION % (model, content, more)).encode()


#: HTTP status and body by model.
ODD_ANSWERS: dict[str, tuple[int, bytes]] = {
    "odd-numbers": _completion(
        "odd-numbers",
        more=',"x":1.50,"big":123456789012345678901234567890,"e":1e400,"neg":-0.0,"E":1E+2',
    ),
    "odd-texts": _completion(
        "odd-texts", r"raw ü 漢 😀, escaped \u00fc \ud83d\ude00 \/ \u0000 \ud800", ', "ü" : null '
    ),
    "odd-names": _completion(
        "odd-names",
        more=',"reasoning_content":"x","RefId":"theirs","nested":{"jobId":7,"a":{}},"a":[]',
    ),
    "odd-order": (
        200,
        (
            b'\n{"usage":null,"choices":[{"message":{"content":"Hi"},"index":0}],"model":"other",'
            b'"created":1.0,"id":"","a":1,"a":2}\n'
        ),
    ),
}
