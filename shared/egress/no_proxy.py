"""Which hosts the environment's `NO_PROXY` keeps from its proxies. Pure.

There is no standard; this is what curl, Go and Python have in common: names with all names under
them, addresses, networks, each with a port or without one, and `*` for all; and patterns (`10.*`),
which Java and Windows have and many write. An IPv4 address is the same in IPv6's form
(`::ffff:10.0.0.1`).
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Final

#: Bits before the IPv4 address in its IPv6 form.
_MAPPED_BITS: Final = 96

_with_port = re.compile(r"(\[[^\]]+\]|[^:]+):([0-9]+)").fullmatch


def is_kept_from_proxies(host: str, port: int, no_proxy: str) -> bool:
    """Whether this host and port are asked directly, by the variable's value."""
    host = _plain(host.strip("[]").rstrip(".").lower())
    entries = (entry.strip().lower() for entry in no_proxy.replace(" ", ",").split(","))
    return any(_covers(entry, host, port) for entry in entries if entry)


def _covers(entry: str, host: str, port: int) -> bool:
    if entry == "*":
        return True
    if (found := _with_port(entry)) is not None:
        entry, only = found.groups()
        if int(only) != port:
            return False
    if (inside := _is_in_network(entry.strip("[]"), host)) is not None:
        return inside
    name = entry.removeprefix("*").strip(".")
    if "*" in entry[1:]:
        return fnmatchcase(host, entry)
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _is_in_network(entry: str, host: str) -> bool | None:
    """Whether the host is an address in this network; None for an entry that is no network."""
    try:
        network = _plain_network(ip_network(entry, strict=False))
    except ValueError:
        return None
    try:
        return ip_address(host) in network
    except ValueError:
        return False


def _plain(host: str) -> str:
    """Return an address of IPv4 in its own form; others, and names, as they are."""
    try:
        return str(_unmapped(ip_address(host)))
    except ValueError:
        return host


def _unmapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    return (address.ipv4_mapped if isinstance(address, IPv6Address) else None) or address


def _plain_network(network: IPv4Network | IPv6Network) -> IPv4Network | IPv6Network:
    first = _unmapped(network.network_address)
    if isinstance(first, IPv6Address) or isinstance(network, IPv4Network):
        return network
    bits = network.prefixlen - _MAPPED_BITS
    return IPv4Network((first, bits)) if bits >= 0 else network
