"""Decides at which addresses providers may be. Pure.

Metadata of clouds and link-local addresses are no LLMs: they tell whoever asks a machine's own
credentials. Private networks are where many LLMs are, so forbidding those is the operator's choice.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import lru_cache
from ipaddress import ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.security.address_literal import address_literal
from shared.security.address_ranges import Address, kind_of
from shared.security.embedded_address import embedded
from shared.security.targets import TargetPolicy, is_local_name

_NEVER: Final = ("cloud metadata", "link-local")
_NAT64: Final = "NAT64"
#: What a translator sends nowhere.
_NOWHERE: Final = ("", "unspecified")
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

    def problem_of_proxy(self, url: str) -> str:
        """Say why no proxy may be there that somebody names who is not the operator.

        Where private networks are forbidden that is any name the operator does not list: where it
        leads is not judged when it is dialled, for the operator's own proxies are private mostly.
        """
        host = (urlsplit(url).hostname or "").rstrip(".")
        known = not host or self.allow_private or self.exempt.trusts(host)
        if known or address_literal(host) is not None:
            return self.problem_of_url(url)
        return f"{host}, a name that REPLYTO_PROVIDER_ALLOW does not have"

    @property
    def of_proxies(self) -> ProviderPlaces:
        """Where proxies may be: of the operator's own it is known that many are private."""
        return replace(self, allow_private=True)

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
    kinds = [one for one in map(kind_of, embedded(address)) if one not in _NOWHERE]
    worst = next((one for one in kinds if one in _NEVER), "")
    if kind == _NAT64 and not worst:
        # It is as good as what it leads to.
        return kinds[0] if kinds else ""
    return worst or kind
