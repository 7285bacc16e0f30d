"""Which hosts the environment's `NO_PROXY` keeps from its proxies. Pure.

There is no standard; this is what curl, Go and Python have in common: names with all names under
them, addresses, networks, each with a port or without one, and `*` for all.
"""

from __future__ import annotations

import ipaddress
import re

_with_port = re.compile(r"(\[[^\]]+\]|[^:]+):(\d+)").fullmatch


def is_kept_from_proxies(host: str, port: int, no_proxy: str) -> bool:
    """Whether this host and port are asked directly, by the variable's value."""
    host = host.strip("[]").rstrip(".").lower()
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
    return bool(name) and (host == name or host.endswith(f".{name}"))


def _is_in_network(entry: str, host: str) -> bool | None:
    """Whether the host is an address in this network; None for an entry that is no network."""
    try:
        network = ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return None
    try:
        return ipaddress.ip_address(host) in network
    except ValueError:
        return False
