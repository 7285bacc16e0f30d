"""Whether the conditions of a request hold for a file as it is (RFC 9110, section 13). Pure."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from werkzeug.datastructures import Headers
from werkzeug.http import parse_date

#: An entity tag (section 8.8.3); what is between its quotes may have commas and blanks.
_tag: Final = re.compile(r'(?:W/)?"[\x21\x23-\x7e\x80-\xff]*"')
_WEAK: Final = "W/"


class Version(NamedTuple):
    """What a file is known by: its ETag, and when it was kept (unix seconds)."""

    etag: str
    kept_s: int


def status_of(headers: Headers, version: Version) -> int | None:
    """Return the status with which a condition ends the request, None if it goes on."""
    wanted, known = headers.get("if-match", ""), headers.get("if-none-match", "")
    if wanted and not (_is_any(wanted) or version.etag in _tags(wanted)):
        return 412
    if not wanted and _is_later(version, headers.get("if-unmodified-since", "")):
        return 412
    if known:
        same = [tag.removeprefix(_WEAK) for tag in _tags(known)]
        return 304 if _is_any(known) or version.etag in same else None
    since = headers.get("if-modified-since", "")
    return 304 if _at(since) is not None and not _is_later(version, since) else None


def goes_on(headers: Headers, version: Version) -> bool:
    """Whether the file is still the one of which a client has a part (`If-Range`)."""
    had = headers.get("if-range", "").strip()
    return not had or had == version.etag or _at(had) == version.kept_s


def _is_any(listed: str) -> bool:
    return listed.strip() == "*"


def _tags(listed: str) -> list[str]:
    """Return the entity tags of a list; none of what is no list of them."""
    between = _tag.split(listed)
    is_list = all("," in one for one in between[1:-1]) and not "".join(between).strip(" \t,")
    return _tag.findall(listed) if is_list else []


def _is_later(version: Version, date: str) -> bool:
    at = _at(date)
    return at is not None and version.kept_s > at


def _at(date: str) -> int | None:
    """Return the moment of a date of HTTP (unix seconds), None for what is none."""
    found = parse_date(date) if date else None
    return None if found is None else int(found.timestamp())
