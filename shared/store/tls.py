"""TLS to Redis: one context for all connections that are to check the same.

Making one reads all authorities of the system: some 50 ms of CPU, in which no other greenlet runs.
A gateway that made one for each connection stood still for a minute when a failover had cut them.
"""

from __future__ import annotations

import ssl
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import redis


class _Checks(NamedTuple):
    """What a context is made of; by redis-py's names."""

    cert_reqs: ssl.VerifyMode
    check_hostname: bool
    ca_certs: str | None
    ca_path: str | None
    certfile: str | None
    keyfile: str | None
    certificate_password: str | None
    ssl_min_version: int | None
    ssl_ciphers: str | None


class SharedTls(redis.SSLConnection):
    """A connection that takes the context of those before it."""

    def _wrap_socket_with_ssl(self, sock: Any) -> ssl.SSLSocket:
        checks = _Checks(*(getattr(self, name) for name in _Checks._fields))
        return _context(checks, _versions(checks)).wrap_socket(sock, server_hostname=self.host)


@lru_cache(maxsize=8)
def _context(checks: _Checks, versions: tuple[object, ...]) -> ssl.SSLContext:  # noqa: ARG001
    """Make a context; `versions` tell those apart that were made of earlier files."""
    context = ssl.create_default_context()
    context.check_hostname = checks.check_hostname
    context.verify_mode = checks.cert_reqs
    if checks.certfile:
        context.load_cert_chain(checks.certfile, checks.keyfile, checks.certificate_password)
    if checks.ca_certs or checks.ca_path:
        context.load_verify_locations(checks.ca_certs, checks.ca_path)
    if checks.ssl_min_version is not None:
        context.minimum_version = ssl.TLSVersion(checks.ssl_min_version)
    if checks.ssl_ciphers:
        context.set_ciphers(checks.ssl_ciphers)
    return context


def _versions(checks: _Checks) -> tuple[object, ...]:
    """Return what changes when a file does: a certificate is renewed while the process runs."""
    found: list[object] = []
    for name in (checks.ca_certs, checks.ca_path, checks.certfile, checks.keyfile):
        if name:
            with suppress(OSError):
                state = Path(name).stat()
                found.append((name, state.st_mtime_ns, state.st_ino, state.st_size))
    return tuple(found)
