"""Reads a ReplyTo URL, and decides where callbacks may be sent. Pure.

The URL is judged when the job is submitted, as far as it tells by itself; names are not resolved
then. The address that is really dialled is judged by the same policy at each attempt.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Final
from urllib.parse import quote, urlsplit

from shared.errors import CallbackTargetRefused
from shared.security.address_literal import address_literal
from shared.security.address_ranges import Address, kind_of, unmapped

#: Names that resolve on one machine or in one network only (RFC 6761, 6762, 8375, and custom).
_LOCAL_SUFFIXES: Final = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}
_HOST: Final = re.compile(r"[a-z0-9_](?:[a-z0-9_.-]*[a-z0-9_])?\.?")
#: Most characters of a name, as DNS has them (RFC 1035, 2.3.4).
_LONGEST_NAME: Final = 253
_BLANK: Final = re.compile(r"[\x00-\x20\x7f]")
#: All of ASCII that may be seen; the rest of a URL must be percent-encoded on the wire.
_AS_IT_IS: Final = "".join(map(chr, range(0x21, 0x7F)))


@dataclass(frozen=True, slots=True)
class Target:
    """A ReplyTo URL, taken apart."""

    scheme: str
    #: Without brackets, in ASCII and lower case.
    host: str
    port: int
    #: Path and query exactly as given, for the request line.
    path: str


@dataclass(frozen=True, slots=True)
class TargetPolicy:
    """What an operator allows. `networks` and `hosts` (`*.example.com` too) are allowed always."""

    allow_private: bool = False
    networks: tuple[IPv4Network | IPv6Network, ...] = ()
    hosts: frozenset[str] = frozenset()
    refused_ports: frozenset[int] = frozenset()

    def check(self, url: str) -> Target:
        """Read a ReplyTo. Raises CallbackTargetRefused, saying why, if it may not be used."""
        target = parse_target(url)
        if target.port in self.refused_ports:
            raise refused(f"names port {target.port}, where no web server is")
        if not self.trusts(target.host):
            self._check_host(target.host)
        return target

    def check_address(self, host: str, address: Address) -> None:
        """Judge an address the host resolved to. Raises CallbackTargetRefused."""
        if self.trusts(host) or self.has_network(address):
            return
        kind = kind_of(address, allow_private=self.allow_private)
        if kind:
            raise _private(f"{address} ({kind})")

    def _check_host(self, host: str) -> None:
        address = address_literal(host)
        if address is not None:
            self.check_address(host, address)
        elif not self.allow_private and is_local_name(host):
            raise _private(f"{host} (a name of a private network)")

    def has_network(self, address: Address) -> bool:
        """Whether an address is in a network that is allowed always."""
        return any(unmapped(address) in network for network in self.networks)

    def trusts(self, host: str) -> bool:
        """Whether a host is allowed always."""
        name = host.rstrip(".")
        return name in self.hosts or any(
            f"*.{name[at + 1 :]}" in self.hosts for at, char in enumerate(name) if char == "."
        )


@lru_cache(maxsize=16)
def target_policy(*, allow_private: bool, allow: str, refused_ports: str) -> TargetPolicy:
    """Read the policy from its settings. Raises ValueError saying what is wrong."""
    networks, hosts = [], set()
    for entry in _entries(allow):
        try:
            networks.append(ip_network(entry, strict=False))
        except ValueError:
            if not _HOST.fullmatch(entry.removeprefix("*.")) or "/" in entry:
                raise ValueError(f"{entry[:60]!r} is neither a network (CIDR) nor a host") from None
            hosts.add(entry.rstrip("."))
    ports = frozenset(map(_port, _entries(refused_ports)))
    return TargetPolicy(allow_private, tuple(networks), frozenset(hosts), ports)


def parse_target(url: str) -> Target:
    """Take a ReplyTo apart. Raises CallbackTargetRefused when it is no URL for a callback."""
    # `urlsplit` would silently drop some of these, and another reader would not.
    if _BLANK.search(url):
        raise refused("must not contain blanks or control characters")
    try:
        parts = urlsplit(url)
        raw_host, port = parts.hostname, parts.port
    except ValueError as exc:
        raise refused(f"is not a valid URL: {exc}") from exc
    if parts.scheme not in _DEFAULT_PORTS:
        raise refused("must be an absolute http or https URL")
    if not raw_host or port == 0:
        raise refused("has no host" if not raw_host else "names port 0")
    if "@" in parts.netloc:
        raise refused("must not contain a user name or password")
    path = (parts.path or "/") + (f"?{parts.query}" if "?" in url.partition("#")[0] else "")
    return Target(
        parts.scheme,
        _ascii_host(raw_host),
        port or _DEFAULT_PORTS[parts.scheme],
        quote(path, safe=_AS_IT_IS),
    )


def is_local_name(host: str) -> bool:
    """Whether a name can only be one of a private network: it has no dot, or a local ending."""
    name = host.rstrip(".")
    return "." not in name or any(name.endswith(f".{suffix}") for suffix in _LOCAL_SUFFIXES)


def refused(reason: str) -> CallbackTargetRefused:
    """Return the error for a ReplyTo that is not taken."""
    return CallbackTargetRefused(f"ReplyTo {reason}.", field="replyTo")


def _private(what: str) -> CallbackTargetRefused:
    return refused(
        f"points to a private address, {what}; an operator can allow it "
        "with REPLYTO_CALLBACK_ALLOW or REPLYTO_CALLBACK_ALLOW_PRIVATE"
    )


def _ascii_host(host: str) -> str:
    """Return the host as resolvers see it: compatibility characters folded, IDNA encoded."""
    if ":" in host:
        if address_literal(host) is None:
            raise refused("has no valid host")
        return host.lower()
    try:
        name = host.encode("idna").decode().lower()
    except UnicodeError:
        name = ""
    if not _HOST.fullmatch(name) or len(name.rstrip(".")) > _LONGEST_NAME:
        raise refused("has no valid host")
    return name


def _entries(text: str) -> list[str]:
    return [entry.strip().lower() for entry in text.split(",") if entry.strip()]


def _port(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,5}", text) or not 0 < int(text) <= 65535:  # noqa: PLR2004
        raise ValueError(f"{text[:40]!r} is no port from 1 to 65535")
    return int(text)
