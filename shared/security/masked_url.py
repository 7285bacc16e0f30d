"""Shows a URL without the secrets that may be in it: its user and password, keys in its query."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote, unquote_plus

_parts = re.compile(r"([^:/?#]+://)([^/?#]*)([^?#]*)(.*)", re.DOTALL).fullmatch
#: A value of a query with its name, in `?a=b&c=d` and in `#a=b`.
_PAIR: Final = re.compile(r"([?&;#])([^=&;#]*)=([^&;#]*)")
_names_secret = re.compile(r"pass|pwd|secret|token|key|sig|auth|cred", re.IGNORECASE).search
_is_place = re.compile(r"(\[[^\]]*\]|[^:]*)(:[0-9]*)?").fullmatch
_MASK: Final = "***"
#: Three stars or two dots of a password field say it: no service gives such keys.
_is_shown_masked = re.compile(
    r"\*{3,}|[•●]{2,}|\[(?:redacted|masked|hidden)\]", re.IGNORECASE
).search


def masked_url(url: str) -> str:
    """Return the URL with `***` in the place of each secret; also one that is not well-formed."""
    found = _parts(url)
    if found is None:
        return _masked_query(url)
    scheme, place, path, rest = found.groups()
    if "@" in place:
        return f"{scheme}{_MASK}@{place.rsplit('@', 1)[1]}{path}{_masked_query(rest)}"
    if "@" in path + rest and not _is_place(place):
        # A password with a slash or a question mark in it that nobody has escaped.
        return f"{scheme}{_MASK}@{_masked_query((path + rest).rsplit('@', 1)[1])}"
    return f"{scheme}{place}{path}{_masked_query(rest)}"


def host_alone(url: str) -> str:
    """Return the URL's scheme and place: for receivers of callbacks its path may be a secret."""
    found = _parts(url)
    return f"{found[1]}{found[2].rpartition('@')[2]}/" if found else ""


def has_mask(url: str) -> bool:
    """Whether a mask stands where a URL has a secret: it was shown so, and is no URL to call."""
    user = url.partition("://")[2].rpartition("@")[0]
    return is_masked_key(unquote(user)) or any(
        is_masked_key(unquote_plus(value)) for _, _, value in _PAIR.findall(url)
    )


def is_masked_key(key: str) -> bool:
    """Whether this is what pages and tools show in the place of a secret: `****`, `sk-…••••`."""
    return bool(_is_shown_masked(key))


def _masked_query(text: str) -> str:
    return _PAIR.sub(_masked_pair, text)


def _masked_pair(found: re.Match[str]) -> str:
    sign, name, value = found.groups()
    is_secret = value and _names_secret(unquote_plus(name))
    return f"{sign}{name}={_MASK if is_secret else value}"
