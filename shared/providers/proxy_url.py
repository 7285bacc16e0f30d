"""What a provider's `proxy` can be: `direct`, a proxy's URL, or `env:NAME` of one. Pure."""

from __future__ import annotations

import re
from typing import Annotated, Final
from urllib.parse import urlsplit

from pydantic import AfterValidator

#: No proxy, whatever the environment says.
DIRECT: Final = "direct"
FROM_ENVIRONMENT: Final = "env:"
#: What one reader takes for the end of a host's name, another for a part of it, or for nothing.
_reads_differently = re.compile(r"[\\\x00-\x20\x7f]").search


def check_proxy_url(url: str) -> str:
    """Return the URL of an HTTP proxy, with its scheme. Raises ValueError, which quotes nothing."""
    whole = url if "://" in url else f"http://{url}"
    try:
        parts = urlsplit(whole)
        usable = bool(parts.hostname) and parts.port != 0 and not _reads_differently(whole)
    except ValueError:
        usable, parts = False, urlsplit("")
    if parts.scheme.lower().startswith("socks"):
        raise ValueError("SOCKS proxies are not spoken; name an HTTP proxy: http://host:port")
    if not usable or parts.scheme.lower() not in ("http", "https") or parts.path not in ("", "/"):
        raise ValueError("it must be the URL of an HTTP proxy: http://host:port")
    return whole


def _check(value: str) -> str:
    if value == DIRECT or value.startswith(FROM_ENVIRONMENT):
        return value
    return check_proxy_url(value)


Proxy = Annotated[str, AfterValidator(_check)]
