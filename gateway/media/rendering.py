"""What clients get of an answer with files: pictures in base64 or as links, sound as its bytes."""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Iterable, Iterator
from typing import Any, Final

from flask import Response

from gateway.http.response import JsonResponse
from gateway.inference.answer import dressed
from gateway.services import Services
from shared.codecs.strict_json import parse
from shared.errors import JobNotFound
from shared.jobs.moves import Answer
from shared.media import result
from shared.media.result import Kept

Json = dict[str, Any]

#: So many bytes become base64 at once: a multiple of three has no padding.
_PIECE: Final = 3 * 16_384


def pictures(gateway: Services, told: Answer, *, form: str) -> Response:
    """Answer with pictures as OpenAI does: in the form asked for, else as the provider did."""
    stored = parse(told.response or b"{}")
    if form == "url" or (not form and result.came_as_links(stored)):
        return dressed(JsonResponse(json.dumps(result.with_links(stored))), told)
    pieces, size_bytes = _in_base64(gateway, stored)
    response = Response(pieces, mimetype="application/json")
    response.headers["Content-Length"] = str(size_bytes)
    return dressed(response, told)


def sound(gateway: Services, told: Answer) -> Response:
    """Answer with the bytes of a sound."""
    kept = result.artifacts(told.response)[0]
    response = Response(read(gateway, kept), mimetype=kept.media_type)
    response.headers["Content-Length"] = str(kept.size)
    return dressed(response, told)


def transcript(told: Answer) -> Response:
    """Answer with a transcript: JSON as it came, or its text."""
    stored = told.response or b"{}"
    value = parse(stored)
    if isinstance(value, dict) and result.TEXT in value:
        return dressed(Response(value[result.TEXT], mimetype="text/plain"), told)
    return dressed(JsonResponse(result.as_came(stored)), told)


def read(gateway: Services, kept: Kept, start: int = 0) -> Iterator[bytes]:
    """Give the bytes of a file, from `start` on. Raises JobNotFound when it is gone."""
    artifact = gateway.artifacts.find(kept.id)
    if artifact is None:
        raise JobNotFound("The files of this answer are not kept any more.")
    return gateway.artifacts.read(artifact, start)


def base64_of(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Give bytes in base64, piece by piece."""
    held = b""
    for piece in pieces:
        held += piece
        whole = len(held) // 3 * 3
        if whole >= _PIECE:
            yield base64.b64encode(held[:whole])
            held = held[whole:]
    if held:
        yield base64.b64encode(held)


def _in_base64(gateway: Services, stored: Json) -> tuple[Iterator[bytes], int]:
    """Return the answer's JSON in pieces, and how long it is: no picture is whole in memory."""
    mark = secrets.token_hex(16)
    files: list[Kept] = []

    def item(one: Any) -> Any:
        if not isinstance(one, dict) or result.ARTIFACT not in one:
            return one
        files.append(Kept(**one[result.ARTIFACT]))
        ours = (result.ARTIFACT, "url", "b64_json")
        rest = {name: value for name, value in one.items() if name not in ours}
        return {"b64_json": mark, **rest}

    shown = {name: value for name, value in stored.items() if name != result.USAGE}
    shown["data"] = [item(one) for one in stored.get("data", [])]
    frame = [part.encode() for part in json.dumps(shown, separators=(",", ":")).split(mark)]
    opened = [read(gateway, kept) for kept in files]
    size_bytes = sum(map(len, frame)) + sum((kept.size + 2) // 3 * 4 for kept in files)
    return _filled(frame, opened), size_bytes


def _filled(frame: list[bytes], files: list[Iterator[bytes]]) -> Iterator[bytes]:
    for part, pieces in zip(frame, files, strict=False):
        yield part
        yield from base64_of(pieces)
    yield frame[-1]
