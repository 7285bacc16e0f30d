"""What the demo LLM says to a request for embeddings: numbers made of each input's hash."""

from __future__ import annotations

import base64
import hashlib
import json
import struct

from cli.demo.answers import Json, parse_object
from cli.demo.reply import Reply

_DIMENSIONS = 16
_MOST_DIMENSIONS = 4096


def parse(body: bytes) -> Json:
    """Read the request; raises BadRequest as an LLM server would refuse it."""
    return parse_object(body, "input", str | list)


def reply(request: Json, echo: bytes | None) -> Reply:
    """Return a vector for each input, the same for the same one; they mean nothing."""
    del echo
    given = request["input"]
    # A list of numbers is one input, as tokens.
    inputs = given if isinstance(given, list) and not _is_tokens(given) else [given]
    data = [
        {
            "object": "embedding",
            "index": index,
            "embedding": _encoded(_vector(one, request), request),
        }
        for index, one in enumerate(inputs)
    ]
    tokens = sum(len(one.split()) if isinstance(one, str) else len(one) for one in inputs)
    usage = {"prompt_tokens": tokens, "total_tokens": tokens}
    whole = {"object": "list", "data": data, "model": request["model"], "usage": usage}
    return Reply(whole, iter(()), 0)


def _is_tokens(given: list[object]) -> bool:
    return all(type(one) is int for one in given)


def _vector(one: object, request: Json) -> list[float]:
    wanted = request.get("dimensions")
    count = min(wanted, _MOST_DIMENSIONS) if type(wanted) is int else _DIMENSIONS
    seed = hashlib.sha256(json.dumps(one).encode()).digest()
    octets = hashlib.shake_128(seed).digest(count)
    return [octet / 127.5 - 1 for octet in octets]


def _encoded(vector: list[float], request: Json) -> object:
    """Return the vector as the request wants it: numbers, or 32-bit floats in base64."""
    if request.get("encoding_format") != "base64":
        return vector
    return base64.b64encode(struct.pack(f"<{len(vector)}f", *vector)).decode()
