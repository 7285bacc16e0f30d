"""Which IPv4 addresses an IPv6 address may lead to, where a network translates or tunnels. Pure.

How the network does it nobody can tell from here, so each address that it could mean counts.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network
from typing import Final

from shared.security.address_ranges import Address

_LAST: Final = (12, 13, 14, 15)
#: By prefix: the places of the four bytes, for each length that the prefix may be used with.
_PLACES: Final = {
    # NAT64, RFC 6052, 2.2; behind the second one each network may choose (RFC 8215).
    IPv6Network("64:ff9b::/96"): (_LAST,),
    IPv6Network("64:ff9b:1::/48"): ((6, 7, 9, 10), (7, 9, 10, 11), (9, 10, 11, 12), _LAST),
    # Translated without state (RFC 2765), IPv4-compatible, 6to4.
    IPv6Network("::ffff:0:0:0/96"): (_LAST,),
    IPv6Network("::/96"): (_LAST,),
    IPv6Network("2002::/16"): ((2, 3, 4, 5),),
}


def embedded(address: Address) -> Sequence[IPv4Address]:
    """Return the IPv4 addresses that an address may stand for; none for most."""
    if not isinstance(address, IPv6Address):
        return ()
    # Without its zone: no network contains an address that names an interface.
    octets = address.packed
    plain = IPv6Address(octets)
    found = next((places for network, places in _PLACES.items() if plain in network), ())
    return [IPv4Address(bytes(octets[at] for at in place)) for place in found]
