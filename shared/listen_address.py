"""Where a server listens, in the forms that people write and that URLs need. Pure."""

from __future__ import annotations

import re
from ipaddress import IPv6Address, ip_address
from typing import Final
from urllib.parse import urlsplit

from shared.security.address_literal import address_literal

#: What is listened on and cannot be dialled, and where this machine reaches it.
_EVERYWHERE: Final = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104
_NAME: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9.])?")
#: Of names that can be looked up at all (RFC 1035, 2.3.4).
_LONGEST: Final = 253
_LONG_LABEL: Final = re.compile(r"[^.]{64}|\.\.")
_NO_URL: Final = "must be a URL such as https://llm.example.com or http://[::1]:5006"


def listen_host(text: str) -> str:
    """Return an address or a name without brackets: `[::1]` is `::1`. Raises ValueError."""
    host = text.strip()
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
        if ":" not in host:
            raise ValueError("only an IPv6 address has brackets")
    if ":" in host:
        return _ipv6(host)
    if not _NAME.fullmatch(host) or len(host) > _LONGEST or _LONG_LABEL.search(host):
        raise ValueError("must be an address or a host's name, such as 127.0.0.1, ::1 or localhost")
    return host


def _ipv6(host: str) -> str:
    try:
        address = IPv6Address(host)
    except ValueError:
        raise ValueError(
            "must be an address or a host's name alone; the port has a setting of its own"
        ) from None
    if address.scope_id:
        raise ValueError("an address with a zone (%) cannot be listened on; use :: for all")
    return str(address)


def reachable_host(host: str) -> str:
    """Return where this machine reaches what listens there."""
    return _EVERYWHERE.get(host, host)


def url_host(host: str) -> str:
    """Return a host as it stands in a URL (RFC 3986, 3.2.2; a zone as in RFC 6874)."""
    if ":" not in host or host.startswith("["):
        return host
    return f"[{host.replace('%25', '%').replace('%', '%25')}]"


def is_loopback(host: str) -> bool:
    """Whether only this machine reaches what listens there; also of IPv4 written as IPv6."""
    address = address_literal(host.strip("[]"))
    if address is None:
        return host.lower().rstrip(".") == "localhost"
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or ip_address(str(address))).is_loopback


def base_url(text: str) -> str:
    """Return the URL of a server without its last slash. Raises ValueError."""
    url = text.strip().rstrip("/")
    try:
        parts = urlsplit(url)
        _ = parts.port
        host = parts.hostname or ""
    except ValueError:
        raise ValueError(_NO_URL) from None
    # Else the last part of an IPv6 address without brackets is taken for the port.
    bare = "[" not in parts.netloc and parts.netloc.rpartition("@")[2].count(":") > 1
    if parts.scheme not in ("http", "https") or not host or bare or parts.query or parts.fragment:
        raise ValueError(_NO_URL)
    return url


def not_listening(host: str, port: int, problem: OSError) -> str:
    """Return why the gateway cannot listen there, and which settings say where it does."""
    return (
        f"cannot listen on {url_host(host)}:{port} ({problem.strerror or problem}); "
        "set REPLYTO_PORT or REPLYTO_HOST to another"
    )
