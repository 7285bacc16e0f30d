"""Whom TLS to providers trusts: the files read once for all connections, not for each.

A file of the usual authorities takes some thirty milliseconds to read, in which nobody else of the
process goes on: a hundred calls that begin at once would stand still for three seconds.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import certifi
from urllib3.util.ssl_ import create_urllib3_context

#: A file as it is now: its path, when it was changed (nanoseconds), its size in bytes.
_State = tuple[str, int, int]


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom a connection trusts, and what it shows of us.

    `authorities`: a file in PEM or a folder as OpenSSL has them; None for the usual ones.
    """

    authorities: str | None = None
    certificate: str | None = None
    key: str | None = None

    def context(self) -> ssl.SSLContext:
        """Return what TLS is checked with: read anew only when a file has changed.

        Raises OSError, also for a file that is no PEM.
        """
        own = (_state(self.certificate), _state(self.key)) if self.certificate else None
        return _context(_state(self.authorities or certifi.where()), own)


def _state(path: str | None) -> _State | None:
    if path is None:
        return None
    found = Path(path).stat()
    return path, found.st_mtime_ns, found.st_size


# What is trusted is as good as immutable: nobody changes a context that connections share.
@lru_cache(maxsize=64)
def _context(authorities: _State, own: tuple[_State, _State | None] | None) -> ssl.SSLContext:
    context = create_urllib3_context()
    path = authorities[0]
    is_folder = Path(path).is_dir()
    context.load_verify_locations(None if is_folder else path, path if is_folder else None)
    if own is not None:
        certificate, key = own
        # No passphrase, or OpenSSL would ask the terminal for one.
        context.load_cert_chain(certificate[0], key[0] if key else None, lambda: b"")
    return context
