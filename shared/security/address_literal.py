"""Reads an IP address as C libraries do, in all the spellings that `getaddrinfo` takes. Pure."""

from __future__ import annotations

from ipaddress import IPv4Address, ip_address
from typing import Final

from shared.security.address_ranges import Address

_IPV4_BYTES: Final = 4


def address_literal(host: str) -> Address | None:
    """Read a literal, also 127.1, 0x7f000001 or 0177.0.0.1; None when it is a name."""
    name = host.rstrip(".")
    try:
        return ip_address(name.partition("%")[0])
    except ValueError:
        pass
    try:
        return _from_parts([_number(part) for part in name.split(".")])
    except ValueError:
        return None


def _number(part: str) -> int:
    """Read one part as C does: 0x is hexadecimal, a leading 0 octal."""
    if not part.isalnum() or not part.isascii():
        raise ValueError(part)
    if part.startswith("0x"):
        return int(part[2:] or "0", 16)
    return int(part, 8 if len(part) > 1 and part.startswith("0") else 10)


def _from_parts(numbers: list[int]) -> IPv4Address | None:
    """Join the parts as inet_aton does: the last one fills all the bytes that are left."""
    *head, last = numbers
    room = _IPV4_BYTES - len(head)
    if room < 1 or any(n > 255 for n in head) or last >= 256**room:  # noqa: PLR2004
        return None
    value = last
    for position, number in enumerate(head):
        value += number << (8 * (3 - position))
    return IPv4Address(value)
