"""Where Redis is and how it is reached: one reading of REPLYTO_REDIS_URL for everybody. Pure.

The forms are those that redis-py and Celery document. A password may be written as it is where that
has one meaning only, else percent-encoded. No error shows a part of the text: it may be a secret.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache
from typing import Final
from urllib.parse import unquote

from shared.store.options import (
    CONNECTION_OPTIONS,
    NAMES,
    TLS_OPTIONS,
    Value,
    check_tls,
    read_database,
    read_flag,
)

_DEFAULT_PORT: Final = 6379
_SENTINEL_PORT: Final = 26379

_SCHEMES: Final[Mapping[str, tuple[str, bool]]] = {
    "redis": ("tcp", False),
    "valkey": ("tcp", False),
    "rediss": ("tcp", True),
    "valkeys": ("tcp", True),
    "unix": ("unix", False),
    "redis+socket": ("unix", False),
    "redis+unix": ("unix", False),
    "valkey+socket": ("unix", False),
    "valkey+unix": ("unix", False),
    "sentinel": ("sentinel", False),
    "redis+sentinel": ("sentinel", False),
    "valkey+sentinel": ("sentinel", False),
    "sentinels": ("sentinel", True),
    "rediss+sentinel": ("sentinel", True),
    "valkeys+sentinel": ("sentinel", True),
}
_TEXT: Final = re.compile(r"(?P<scheme>[a-z+]+)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_OPTIONS: Final = rf"(?:\?(?P<options>(?:(?:{'|'.join(NAMES)})=[^&]*(?:&|$))*))?"
_WHO: Final = r"(?:(?P<who>.*?)@)??"
#: What may follow the password decides where it ends: the first @ behind which all fits.
_SERVERS: Final = re.compile(
    _WHO + r"(?P<hosts>[^/?#@\s]*?)(?:/(?P<db>[0-9]*)/?)?" + _OPTIONS, re.DOTALL
)
_SOCKET: Final = re.compile(_WHO + r"(?P<path>/[^?]*)" + _OPTIONS, re.DOTALL)
_HOST: Final = re.compile(
    r"(?:\[(?P<v6>[0-9a-fA-F:.]+(?:%[^\]]+)?)\]|(?P<name>[^:\[\]]*))(?::(?P<port>[0-9]{1,5}))?"
)
_SEPARATORS: Final = re.compile(r"[,;]")


@dataclass(frozen=True, slots=True)
class RedisAddress:
    """One Redis: a server, a socket file, or the master that Sentinels know."""

    hosts: tuple[tuple[str, int], ...] = ()
    path: str = ""
    db: int = 0
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    master_name: str = ""
    sentinel_username: str | None = None
    sentinel_password: str | None = field(default=None, repr=False)
    is_tls: bool = False
    #: As redis-py's connections take them.
    tls: tuple[tuple[str, Value], ...] = field(default=(), repr=False)
    options: tuple[tuple[str, Value], ...] = ()

    @property
    def is_sentinel(self) -> bool:
        """Whether the hosts are Sentinels, which say where the master is."""
        return bool(self.master_name)

    @property
    def shown(self) -> str:
        """How to name it to somebody: without any secret."""
        if self.path:
            return f"unix://{self.path}"
        hosts = ",".join(f"[{h}]:{p}" if ":" in h else f"{h}:{p}" for h, p in self.hosts)
        if self.is_sentinel:
            return f"sentinel{'s' * self.is_tls}://{hosts}/{self.db}?master_name={self.master_name}"
        return f"redis{'s' * self.is_tls}://{hosts}/{self.db}"


@lru_cache(maxsize=16)
def read_address(text: str) -> RedisAddress:
    """Return where the Redis of this URL is. Raises ValueError that says what cannot be read."""
    found = _TEXT.fullmatch(text.strip())
    if found is None or found["scheme"].lower() not in _SCHEMES:
        schemes = "redis://, rediss://, valkey://, valkeys://, unix:// or sentinel://"
        raise ValueError(f"must begin with {schemes}")
    kind, is_tls = _SCHEMES[found["scheme"].lower()]
    if kind == "unix":
        return _socket(found["rest"])
    rest = re.sub(r"([,;])(?:\w+\+)?sentinels?://", r"\1", found["rest"])
    return _servers(rest, is_tls=is_tls, is_sentinel=kind == "sentinel")


def _socket(rest: str) -> RedisAddress:
    parts = _SOCKET.fullmatch(rest)
    if parts is None:
        raise ValueError(_unreadable(rest, _SOCKET, "unix:///path/to/redis.sock?db=0"))
    options = _options(parts["options"])
    address = _with_credentials(RedisAddress(path=unquote(parts["path"])), parts["who"], options)
    if TLS_OPTIONS.keys() & options.keys() or "master_name" in options:
        raise ValueError("a unix socket has neither TLS (ssl_…) nor a master_name")
    return _with_options(address, options, "")


def _servers(rest: str, *, is_tls: bool, is_sentinel: bool) -> RedisAddress:
    parts = _SERVERS.fullmatch(rest)
    if parts is None:
        raise ValueError(_unreadable(rest, _SERVERS, "redis://user:password@host:6379/0"))
    options = _options(parts["options"])
    default_port = _SENTINEL_PORT if is_sentinel else _DEFAULT_PORT
    address = RedisAddress(hosts=tuple(_hosts(parts["hosts"], default_port)), is_tls=is_tls)
    if is_sentinel != ("master_name" in options):
        raise ValueError("sentinel:// needs ?master_name=…, and nothing else has one")
    if not is_sentinel and len(address.hosts) > 1:
        raise ValueError("names several hosts; that is for sentinel:// alone")
    address = _with_credentials(address, parts["who"], options)
    return _with_options(address, options, parts["db"] or "")


def _with_credentials(
    address: RedisAddress, who: str | None, options: Mapping[str, str]
) -> RedisAddress:
    username, colon, password = (who or "").partition(":")
    return replace(
        address,
        username=_decoded(username) or options.get("username") or None,
        password=(_decoded(password) if colon else options.get("password")) or None,
        sentinel_username=options.get("sentinel_username") or None,
        sentinel_password=options.get("sentinel_password") or None,
    )


def _with_options(address: RedisAddress, options: Mapping[str, str], db: str) -> RedisAddress:
    tls = {n: read(n, options[n]) for n, read in TLS_OPTIONS.items() if n in options}
    master_name = options.get("master_name", "")
    wants_tls = read_flag("ssl", options["ssl"]) if "ssl" in options else address.is_tls
    if tls and not wants_tls and not master_name:
        raise ValueError("has ssl_… options without TLS: begin it with rediss://")
    if tls.get("ssl_cert_reqs") == "none":
        tls["ssl_check_hostname"] = False
    check_tls(tls)
    more = {n: read(n, options[n]) for n, read in CONNECTION_OPTIONS.items() if n in options}
    number = options.get("db") or options.get("virtual_host") or db or "0"
    return replace(
        address,
        db=read_database("db", number),
        master_name=master_name,
        is_tls=wants_tls or bool(tls),
        tls=tuple(tls.items()),
        options=tuple(more.items()),
    )


def _hosts(text: str, default_port: int) -> Iterator[tuple[str, int]]:
    for one in _SEPARATORS.split(text):
        found = _HOST.fullmatch(one.strip())
        if found is None:
            v6 = one.count(":") > 1
            cure = "an IPv6 address needs brackets: [::1]:6379" if v6 else "host:6379"
            raise ValueError(f"names a host that cannot be read ({cure})")
        port = int(found["port"] or default_port)
        if not 0 < port < 65536:  # noqa: PLR2004 - TCP's ports
            raise ValueError("names a port that is none of 1 to 65535")
        yield _decoded(found["v6"] or found["name"] or "127.0.0.1"), port


def _options(text: str | None) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in (text or "").split("&") if pair)
    return {name: _decoded(value) for name, _, value in pairs}


def _decoded(text: str) -> str:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        raise ValueError("holds a percent-encoded part that is not UTF-8") from None


def _unreadable(rest: str, form: re.Pattern[str], example: str) -> str:
    """Say why. A name of an option is shown only where it cannot be a part of a password."""
    before, _, options = rest.rpartition("?")
    if "@" not in options and form.fullmatch(before) and not before.startswith(":"):
        for name in re.findall(r"(?:^|&)([a-z_]+)=", options):
            if name not in NAMES:
                return f"has an option '{name}', which is none of {', '.join(NAMES)}"
    return (
        f"cannot be read; the form is {example}, and a password with any of / ? # @ : & % is "
        "percent-encoded"
    )
