"""Files of the pages as browsers take them: texts compressed, each once a process."""

from __future__ import annotations

import gzip
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Final

from flask import Response, send_from_directory

from gateway.http.request import incoming

STATIC: Final = Path(__file__).parents[1] / "static"
#: Names of texts end so; pictures are compressed as they are.
_TEXTS: Final = frozenset((".js", ".css", ".svg"))


def file_response(name: str) -> Response:
    """Return a file below `static`. Raises NotFound, also for names that lead out of there."""
    plain = send_from_directory(STATIC, name)
    plain.headers["Vary"] = "Accept-Encoding"
    path = STATIC / name
    wants_all = plain.status_code == HTTPStatus.OK and incoming().method == "GET"
    takes_gzip = incoming().accept_encodings.quality("gzip") > 0
    if not (wants_all and path.suffix in _TEXTS and takes_gzip):
        return plain
    plain.close()
    packed = Response(_packed(path, path.stat().st_mtime_ns), mimetype=plain.mimetype)
    packed.headers.update({"Content-Encoding": "gzip", "Vary": "Accept-Encoding"})
    packed.add_etag()
    packed.make_conditional(incoming())
    return packed


@lru_cache(maxsize=512)
def _packed(path: Path, _changed_ns: int) -> bytes:
    return gzip.compress(path.read_bytes(), mtime=0)
