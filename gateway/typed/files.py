"""Makes the files, and keeps those that were asked for last: a file takes some 20 ms to write."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Final

from codegen.from_catalog import whole_model
from codegen.options import Options, read_options
from codegen.registry import language_of
from codegen.writer import Origin, Writer
from gateway.base_url import base_url
from gateway.version import VERSION
from shared.settings import Settings

#: How many files are kept; one has some 100 kB.
_MOST_KEPT: Final = 64
#: The DTOs are as old as this process.
_SINCE: Final = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


@dataclass(frozen=True, slots=True)
class DtosFile:
    """A file, and what changes with what it says (but not with the gateway's start)."""

    text: str
    etag: str


def origin(settings: Settings) -> Origin:
    """Return where the files of this request come from."""
    return Origin(base_url(settings), VERSION, _SINCE)


def write(language: type[Writer], query: Iterable[tuple[str, str]], come_from: Origin) -> DtosFile:
    """Return the file that the query asks for. Raises ValidationFailed naming the option."""
    options = read_options(query, language.defaults)
    asked = tuple(sorted(options.given.items()))
    body = _body(language.key, asked)
    head = "\n".join(language.head(options, come_from))
    digest = hashlib.sha256(f"{come_from.base_url} {asked} ".encode() + body.encode())
    return DtosFile(f"{head}\n{body}" if head else body, digest.hexdigest()[:32])


@lru_cache(maxsize=_MOST_KEPT)
def _body(key: str, asked: tuple[tuple[str, str], ...]) -> str:
    """Return a file but for its header, which says who asks whom."""
    language = language_of(key)
    if language is None:
        raise LookupError(key)
    options: Options = read_options(asked, language.defaults)
    return "\n".join(language(whole_model(), options).body()) + "\n"
