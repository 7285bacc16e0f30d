"""Opens the connection to a receiver: resolve, judge, dial the very address that was judged.

Resolving and dialling are one step here, so that a name cannot change its address between the
judgement and the connection (DNS rebinding). The host's name stays what TLS and `Host` name.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any, Final

from gevent import socket

from shared.security.address_ranges import Address
from shared.security.targets import Target, TargetPolicy
from workers.callbacks.resolving import Lookup, Resolver, system_lookup

#: Least time for one address, when others are left to try (seconds).
_LEAST_DIAL_S: Final = 1.0
#: Most addresses of one host that are tried.
_MOST_ADDRESSES: Final = 8


@dataclass(frozen=True, slots=True)
class Limits:
    """How long the parts of an attempt may take (seconds)."""

    dns_s: float = 3.0
    connect_s: float = 5.0
    read_s: float = 15.0
    total_s: float = 20.0


class Dialer:
    """Dials the receivers that the policy lets it dial."""

    def __init__(
        self, policy: TargetPolicy, limits: Limits, lookup: Lookup = system_lookup
    ) -> None:
        self._policy = policy
        self._limits = limits
        self._resolver = Resolver(lookup, limits.dns_s)

    def dial(self, target: Target, owner: str = "") -> Any:
        """Return a connected socket, not yet encrypted.

        Every address is judged before the first is dialled: a name with one address inside and one
        outside is not a receiver. `owner`: whose receiver it is. Raises CallbackTargetRefused,
        NameNotResolved, or the OSError of the last address tried.
        """
        addresses = self._resolve(target, owner)
        for address in addresses:
            self._policy.check_address(target.host, address)
        return _connect_first(addresses, target.port, self._limits.connect_s)

    def _resolve(self, target: Target, owner: str) -> list[Address]:
        """Return the host's addresses in the order the system prefers."""
        try:
            literal = ip_address(target.host)
        except ValueError:
            pass
        else:
            return [literal]
        found = self._resolver.look_up(target.host, target.port, owner)
        addresses = [ip_address(str(entry[4][0])) for entry in found]
        return list(dict.fromkeys(addresses))[:_MOST_ADDRESSES]


def _connect_first(addresses: Sequence[Address], port: int, timeout_s: float) -> Any:
    """Connect to the first address that lets us, the time shared among those left to try."""
    until = time.monotonic() + timeout_s
    error = OSError("the name has no address")
    for tried, address in enumerate(addresses):
        left_s = until - time.monotonic()
        if left_s <= 0:
            break
        share_s = max(_LEAST_DIAL_S, left_s / (len(addresses) - tried))
        try:
            return _connect(address, port, min(left_s, share_s))
        except OSError as exc:
            error = exc
    raise error


def _connect(address: Address, port: int, timeout_s: float) -> Any:
    family = socket.AF_INET if address.version == 4 else socket.AF_INET6  # noqa: PLR2004
    sock = socket.socket(family, socket.SOCK_STREAM)
    try:
        sock.settimeout(timeout_s)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.connect((str(address), port))
    except BaseException:
        sock.close()
        raise
    return sock
