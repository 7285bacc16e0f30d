"""Decides at which addresses providers may be. Pure.

Metadata of clouds and link-local addresses are no LLMs: they tell whoever asks a machine's own
credentials. Private networks are where many LLMs are, so forbidding those is the operator's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from ipaddress import IPv4Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.security.address_literal import address_literal
from shared.security.address_ranges import Address, kind_of
from shared.security.targets import TargetPolicy, is_local_name

_NEVER: Final = ("cloud metadata", "link-local")
_NAT64: Final = "NAT64"
#: Names under which clouds answer their machines.
_METADATA_NAMES: Final = frozenset(("metadata.google.internal", "metadata", "instance-data"))


@dataclass(frozen=True, slots=True)
class ProviderPlaces:
    """What an operator allows. `exempt` has the networks and hosts that are allowed always."""

    allow_private: bool = True
    exempt: TargetPolicy = field(default_factory=TargetPolicy)

    def problem_of_url(self, url: str) -> str:
        """Say why no provider may be there, as far as the URL tells; empty when one may."""
        host = (urlsplit(url).hostname or "").rstrip(".")
        if not host or self.exempt.trusts(host):
            return ""
        address = address_literal(host)
        if address is not None:
            return self.problem(str(address))
        if host in _METADATA_NAMES:
            return f"{host} (cloud metadata)"
        if not self.allow_private and is_local_name(host):
            return f"{host} (a name of a private network)"
        return ""

    def problem(self, address: str, host: str = "") -> str:
        """Say why no provider may be at this address, to which the host led; empty when one may."""
        if host and self.exempt.trusts(host):
            return ""
        return _problem(self, address)


#: Where providers may be unless an operator says more: anywhere but where no LLM is.
ANYWHERE: Final = ProviderPlaces()


@lru_cache(maxsize=4096)
def _problem(places: ProviderPlaces, address: str) -> str:
    found = ip_address(address)
    if places.exempt.has_network(found):
        return ""
    kind = _kind(found)
    if kind in _NEVER or (kind and not places.allow_private):
        return f"{address} ({kind})"
    return ""


def _kind(address: Address) -> str:
    kind = kind_of(address)
    if kind == _NAT64:
        # It leads to the IPv4 address in its last four bytes.
        return kind_of(IPv4Address(int(address) & 0xFFFF_FFFF))
    return kind
