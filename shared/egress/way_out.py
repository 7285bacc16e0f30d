"""The way out to a provider: through which proxy, trusting whom, with which certificate of ours.

A provider's own settings come first, then the variables that HTTP clients have in common
(`HTTPS_PROXY`, `NO_PROXY`, `REQUESTS_CA_BUNDLE`, …). Both are read once for each provider.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import urlsplit

from shared.egress.no_proxy import is_kept_from_proxies
from shared.egress.trust import Trust
from shared.providers.provider import Provider
from shared.providers.proxy_url import DIRECT, FROM_ENVIRONMENT, check_proxy_url
from shared.written_path import at_home

#: Who is trusted, the first that is set; the last is a folder, the others are files in PEM.
_TRUST_VARIABLES: Final = (
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSL_CERT_FILE",
    "SSL_CERT_DIR",
)
_PORTS: Final = {"http": 80, "https": 443}
#: Providers that are remembered at most; there are never more at once.
_MOST_KNOWN: Final = 10_000


class EgressUnusable(Exception):
    """There is no way out as it is configured; the message says why, without a secret."""


@dataclass(frozen=True, slots=True)
class Egress:
    """What a call is sent with: `verify`, `cert` and `proxies`, as requests' adapters take them."""

    # Not in a repr: a proxy's URL may hold its password.
    options: Mapping[str, Any] = field(repr=False)


PLAIN: Final = Egress({"verify": True, "cert": None, "proxies": {}})


class Egresses:
    """The ways out of this process, each found once."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = environment
        self._known: dict[str, tuple[Provider, Egress]] = {}

    def of(self, provider: Provider) -> Egress:
        """Return the way to the provider's API. Raises EgressUnusable."""
        known = self._known.get(provider.name)
        if known is not None and known[0] is provider:
            return known[1]
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        found = self.to(provider, str(provider.base_url))
        self._known[provider.name] = (provider, found)
        return found

    def to(self, provider: Provider, url: str) -> Egress:
        """Return the way to any of the provider's URLs, found anew. Raises EgressUnusable."""
        return egress_of(provider, url, self._environment)


def egress_of(provider: Provider, url: str, environment: Mapping[str, str]) -> Egress:
    """Return the way to this URL of the provider. Raises EgressUnusable."""
    proxy = _proxy(provider, url, environment)
    verify, cert = _trusted(provider, environment), _own_certificate(provider)
    proxies = {"http": proxy, "https": proxy} if proxy else {}
    return Egress({"verify": verify, "cert": cert, "proxies": proxies})


def _proxy(provider: Provider, url: str, environment: Mapping[str, str]) -> str | None:
    said = provider.proxy
    if said is None:
        return _proxy_of_environment(url, environment)
    if said == DIRECT:
        return None
    if said.startswith(FROM_ENVIRONMENT):
        name = said.removeprefix(FROM_ENVIRONMENT)
        said = environment.get(name, "")
        if not said:
            raise EgressUnusable(f"the variable '{name}' that should name its proxy is not set")
        return _checked(f"the proxy in the variable '{name}'", said)
    return said


def _proxy_of_environment(url: str, environment: Mapping[str, str]) -> str | None:
    parts = urlsplit(url)
    for name in (f"{parts.scheme}_proxy", "all_proxy"):
        value = _variable(environment, name)
        if value:
            port = parts.port or _PORTS[parts.scheme]
            kept = is_kept_from_proxies(
                parts.hostname or "", port, _variable(environment, "no_proxy")
            )
            return None if kept else _checked(f"the environment's {name.upper()}", value)
    return None


def _variable(environment: Mapping[str, str], name: str) -> str:
    """Return the variable; in small letters it goes before the one in capitals, also empty."""
    return environment.get(name, environment.get(name.upper(), "")).strip()


def _checked(what: str, url: str) -> str:
    try:
        return check_proxy_url(url)
    except ValueError as exc:
        raise EgressUnusable(f"{what}: {exc}") from None


def _trusted(provider: Provider, environment: Mapping[str, str]) -> bool | str:
    """Return the file or folder of those who are trusted; True for the usual authorities."""
    if provider.ca_file:
        return _checked_trust("its ca_file", provider.ca_file)
    for name in _TRUST_VARIABLES:
        if path := environment.get(name):
            return _checked_trust(f"the environment's {name}", path)
    return True


def _checked_trust(what: str, path: str) -> str:
    path = _at_home(what, path)
    try:
        Trust(path).context()
    except OSError as exc:
        raise EgressUnusable(f"{what} cannot be used: {_reason(exc)}") from exc
    return path


def _own_certificate(provider: Provider) -> str | tuple[str, str] | None:
    if provider.client_cert is None:
        return None
    certificate = _at_home("its client_cert", provider.client_cert)
    key = provider.client_key and _at_home("its client_key", provider.client_key)
    try:
        Trust(certificate=certificate, key=key).context()
    except OSError as exc:
        raise EgressUnusable(f"its client_cert cannot be used: {_reason(exc)}") from exc
    return (certificate, key) if key else certificate


def _at_home(what: str, path: str) -> str:
    """Return the path as this machine has it: each has homes of its own."""
    try:
        return at_home(path)
    except ValueError as exc:
        raise EgressUnusable(f"{what}: {exc}") from None


def _reason(error: OSError) -> str:
    """Say why a file cannot be used; nothing of what it holds."""
    if isinstance(error, ssl.SSLError):
        return (error.reason or "it is no PEM").replace("_", " ").lower()
    return (error.strerror or "it cannot be read").lower()
