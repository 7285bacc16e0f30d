"""Which addresses are of the public internet, and what the others are. Pure.

From IANA's special-purpose registries (RFC 6890), and what clouds put beside them. Spelled out here
rather than taken from `ipaddress.is_global`, which differs between versions of Python and lets some
of these through: 168.63.129.16, fec0::/10 and ::a.b.c.d.
"""

from __future__ import annotations

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_network
from typing import Final

Address = IPv4Address | IPv6Address

#: Private in the plain sense: an operator who allows private targets means these.
_PRIVATE: Final = {
    "127.0.0.0/8": "loopback",
    "10.0.0.0/8": "private",
    "172.16.0.0/12": "private",
    "192.168.0.0/16": "private",
    "100.64.0.0/10": "carrier-grade NAT",
    "::1/128": "loopback",
    "fc00::/7": "unique local",
}
#: Where clouds answer their machines, credentials included. First: they lie in other ranges.
_METADATA: Final = {
    "169.254.169.254/32": "cloud metadata",
    "168.63.129.16/32": "cloud metadata",
    "100.100.100.200/32": "cloud metadata",
    "fd00:ec2::/32": "cloud metadata",
    "fd20:ce::254/128": "cloud metadata",
}
#: Never a receiver.
_SPECIAL: Final = {
    "0.0.0.0/8": "unspecified",
    "169.254.0.0/16": "link-local",
    "192.0.0.0/24": "reserved",
    "192.0.2.0/24": "documentation",
    "192.88.99.0/24": "6to4 relay",
    "198.18.0.0/15": "benchmarking",
    "198.51.100.0/24": "documentation",
    "203.0.113.0/24": "documentation",
    "224.0.0.0/4": "multicast",
    "240.0.0.0/4": "reserved",
    "::/128": "unspecified",
    "::/96": "IPv4-compatible",
    "64:ff9b::/96": "NAT64",
    "64:ff9b:1::/48": "NAT64",
    "2001:db8::/32": "documentation",
    "2001::/32": "Teredo",
    "2001::/23": "reserved",
    "2002::/16": "6to4",
    "3fff::/20": "documentation",
    "fe80::/10": "link-local",
    "fec0::/10": "site-local",
    "ff00::/8": "multicast",
}
#: All that is given out of IPv6 so far.
_GLOBAL_V6: Final = IPv6Network("2000::/3")


def kind_of(address: Address, *, allow_private: bool = False) -> str:
    """Return what the address is, if callbacks may not go there; empty when they may."""
    address = unmapped(address)
    if isinstance(address, IPv6Address):
        # Without its zone: no network contains an address that names an interface.
        address = IPv6Address(int(address))
    if kind := _kind_in(_METADATA_NETWORKS, address):
        return kind
    if kind := _kind_in(_PRIVATE_NETWORKS, address):
        return "" if allow_private else kind
    if kind := _kind_in(_SPECIAL_NETWORKS, address):
        return kind
    return "reserved" if isinstance(address, IPv6Address) and address not in _GLOBAL_V6 else ""


def unmapped(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 socket would really talk to, if it is one."""
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


_Networks = list[tuple[IPv4Network | IPv6Network, str]]


def _networks(kinds: Mapping[str, str]) -> _Networks:
    return [(ip_network(network), kind) for network, kind in kinds.items()]


_METADATA_NETWORKS: Final = _networks(_METADATA)
_PRIVATE_NETWORKS: Final = _networks(_PRIVATE)
_SPECIAL_NETWORKS: Final = _networks(_SPECIAL)


def _kind_in(networks: _Networks, address: Address) -> str:
    return next((kind for network, kind in networks if address in network), "")
