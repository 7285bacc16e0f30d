"""What tells one client from others where failures and places are counted. Pure."""

from __future__ import annotations

import socket
from contextlib import suppress
from typing import Final

#: Bytes of an IPv6 address that one customer of a provider has: a /64.
_NETWORK_BYTES: Final = 8
_MAPPED: Final = "::ffff:"


def network_of(host: str) -> str:
    """Return an address, of IPv6 its /64 network; what is no address as it is."""
    if ":" not in host:
        return host
    if host.startswith(_MAPPED):
        return host.removeprefix(_MAPPED)
    with suppress(OSError):
        return socket.inet_pton(socket.AF_INET6, host.partition("%")[0])[:_NETWORK_BYTES].hex()
    return host
