"""Answers with the bytes of an artifact: whole or a range of it (RFC 9110, section 14).

A browser shows pictures, sound and films; all else it saves. Nothing of it runs as a page of ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import formatdate
from typing import Final
from urllib.parse import quote

from flask import Response
from werkzeug.http import parse_range_header

from gateway.files.conditions import Version, goes_on, status_of
from gateway.http.request import IncomingRequest
from shared.artifacts.artifact import Artifact
from shared.artifacts.artifacts import Artifacts
from shared.artifacts.sniffing import OCTETS

#: What a browser may show by itself.
_SHOWN: Final = ("image/", "audio/", "video/")
_NEVER_SHOWN: Final = ("image/svg+xml",)
#: What is said of bytes that could be run as a page.
_HARMLESS: Final = {"text/html": "text/plain; charset=utf-8", "image/svg+xml": OCTETS}
_LONGEST_RANGE: Final = 100
#: The last none of the bytes: a range that no file has.
_no_last_bytes: Final = re.compile(r"-0+").fullmatch
_POLICY: Final = "default-src 'none'; sandbox"


def serve(
    artifacts: Artifacts,
    artifact: Artifact,
    asked: IncomingRequest,
    *,
    as_attachment: bool = False,
    media_type: str | None = None,
    lives_s: int = 0,
) -> Response:
    """Return the artifact, or the range that is asked for. `lives_s`: how long it may be cached.

    Raises StorageUnavailable.
    """
    headers = _headers(artifact, as_attachment=as_attachment, lives_s=lives_s)
    version = Version(headers["ETag"], int(artifact.created))
    if ended := status_of(asked.headers, version):
        return Response(status=ended, headers=headers)
    start, end = 0, artifact.size
    status = 200
    if (wanted := _range(asked, artifact, version)) is not None:
        if not wanted:
            return _not_satisfiable(headers, artifact.size)
        (start, end), status = wanted, 206
        headers["Content-Range"] = f"bytes {start}-{end - 1}/{artifact.size}"
    headers["Content-Length"] = str(end - start)
    shown = media_type or _HARMLESS.get(artifact.media_type, artifact.media_type)
    pieces: Iterator[bytes] = iter(())
    if asked.method != "HEAD":
        pieces = artifacts.read(artifact, start, end)
    return Response(pieces, status, headers, content_type=shown, direct_passthrough=True)


def _headers(artifact: Artifact, *, as_attachment: bool, lives_s: int) -> dict[str, str]:
    return {
        "ETag": f'"{artifact.sha256}"',
        "Last-Modified": formatdate(int(artifact.created), usegmt=True),
        "Accept-Ranges": "bytes",
        "Cache-Control": f"private, max-age={lives_s}" if lives_s > 0 else "private, no-cache",
        "Content-Disposition": _disposition(artifact, as_attachment=as_attachment),
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": _POLICY,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def _disposition(artifact: Artifact, *, as_attachment: bool) -> str:
    """Return the header: RFC 6266, with a name for clients that read ASCII only."""
    kind = artifact.media_type
    is_shown = kind.startswith(_SHOWN) and kind not in _NEVER_SHOWN and not as_attachment
    plain = "".join(c if " " <= c <= "~" and c not in '"\\%' else "_" for c in artifact.name)
    named = f'{"inline" if is_shown else "attachment"}; filename="{plain}"'
    return named if plain == artifact.name else f"{named}; filename*=UTF-8''{quote(artifact.name)}"


def _range(
    asked: IncomingRequest, artifact: Artifact, version: Version
) -> tuple[int, int] | tuple[()] | None:
    """Return the one range that is asked for; nothing when there is none such, None for all.

    Several ranges are answered with all, as a server may.
    """
    said = asked.headers.get("range", "")
    if not said or len(said) > _LONGEST_RANGE or not goes_on(asked.headers, version):
        return None
    unit, _, listed = said.partition("=")
    # A list may have empty places (section 5.6.1).
    listed = listed.strip(" \t,")
    if unit.strip().lower() == "bytes" and _no_last_bytes(listed):
        return ()
    wanted = parse_range_header(f"{unit}={listed}")
    if wanted is None or wanted.units != "bytes" or len(wanted.ranges) != 1:
        return None
    (start, _) = wanted.ranges[0]
    if start < 0 and artifact.size:
        # The last so many bytes, or all if there are not as many.
        return max(0, artifact.size + start), artifact.size
    return wanted.range_for_length(artifact.size) or ()


def _not_satisfiable(headers: dict[str, str], size: int) -> Response:
    kept = {key: value for key, value in headers.items() if key != "Content-Disposition"}
    return Response(status=416, headers={**kept, "Content-Range": f"bytes */{size}"})
