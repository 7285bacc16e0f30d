"""Decides which ReplyTo URLs callbacks may be sent to, as far as the URL itself tells.

The address a name resolves to is judged again when it is dialled.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, ip_address
from urllib.parse import urlsplit

from shared.errors import CallbackTargetRefused

_LOCAL_NAMES = ("localhost", "localhost.localdomain", "ip6-localhost", "ip6-loopback")


def check_target(url: str, *, allow_private: bool) -> None:
    """Raise CallbackTargetRefused, saying why, unless callbacks may go to this URL."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError as exc:
        raise refused(f"is not a valid URL: {exc}") from exc
    if parts.scheme not in ("http", "https"):
        raise refused("must be an absolute http or https URL")
    if not host:
        raise refused("has no host")
    if parts.username is not None or parts.password is not None:
        raise refused("must not contain a user name or password")
    if not allow_private and is_private_host(host):
        raise refused(
            "points to a private address; an operator can allow these "
            "with REPLYTO_CALLBACK_ALLOW_PRIVATE=true"
        )


def refused(reason: str) -> CallbackTargetRefused:
    """Return the error for a ReplyTo that is not taken."""
    return CallbackTargetRefused(f"ReplyTo {reason}.", field="replyTo")


def is_private_host(host: str) -> bool:
    """Whether the host, by itself, names an address that is not public."""
    name = host.rstrip(".").lower()
    if name in _LOCAL_NAMES or name.endswith(".localhost"):
        return True
    address = _literal(name)
    return address is not None and not is_public(address)


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether an address is one of the public internet."""
    mapped = getattr(address, "ipv4_mapped", None)
    if mapped is not None:
        return is_public(mapped)
    return address.is_global and not address.is_multicast


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """Read an IP literal, also in the forms C libraries take: 127.1, 0x7f000001, 0177.0.0.1."""
    try:
        return ip_address(host.partition("%")[0])
    except ValueError:
        pass
    try:
        return _from_parts([_number(part) for part in host.split(".")])
    except ValueError:
        return None


def _number(part: str) -> int:
    """Read one part as C does: 0x is hexadecimal, a leading 0 octal."""
    if part.startswith("0x"):
        return int(part, 16)
    return int(part, 8 if len(part) > 1 and part.startswith("0") else 10)


def _from_parts(numbers: list[int]) -> IPv4Address | None:
    """Join the parts as inet_aton does: the last one fills all the bytes that are left."""
    *head, last = numbers
    room = 4 - len(head)
    if room < 1 or any(not 0 <= n <= 255 for n in head) or not 0 <= last < 256**room:  # noqa: PLR2004
        return None
    value = last
    for position, number in enumerate(head):
        value += number << (8 * (3 - position))
    return IPv4Address(value)
