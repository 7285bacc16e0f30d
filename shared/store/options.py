"""The options behind the ? of a Redis URL, by name, and how the text of each is read. Pure."""

from __future__ import annotations

import re
import ssl
from collections.abc import Callable, Mapping
from pathlib import Path
from ssl import TLSVersion
from typing import Any, Final

from shared.written_path import at_home

Value = str | int | float | bool
Reader = Callable[[str, str], Value]

#: No Redis has more; how many this one has, it says when it is asked.
_HIGHEST_DATABASE: Final = 2**31 - 1
_is_decimal = re.compile(r"[0-9]{1,9}(\.[0-9]{0,9})?|\.[0-9]{1,9}").fullmatch
_YES: Final = {"1", "true", "yes", "y", "t", "on"}
_NO: Final = {"0", "false", "no", "n", "f", "off"}
#: redis-py's words and the names of Python's constants, which Celery documents.
_CERT_REQS: Final = {
    **{word: word for word in ("none", "optional", "required")},
    **{f"cert_{word}": word for word in ("none", "optional", "required")},
}


def read_flag(name: str, text: str) -> bool:
    """Read yes or no. Raises ValueError."""
    if text.lower() not in _YES | _NO:
        raise ValueError(f"{name} must be true or false")
    return text.lower() in _YES


def read_number(name: str, text: str) -> int:
    """Read a whole number from 0 on. Raises ValueError."""
    if not text.isascii() or not text.isdigit():
        raise ValueError(f"{name} must be a whole number")
    return int(text)


def read_database(name: str, text: str) -> int:
    """Read the number of a database. Raises ValueError."""
    number = read_number(name, text)
    if number > _HIGHEST_DATABASE:
        raise ValueError(f"{name} must be at most {_HIGHEST_DATABASE}")
    return number


def _read_some(name: str, text: str) -> int:
    number = read_number(name, text)
    if number == 0:
        raise ValueError(f"{name} must be at least 1")
    return number


def _read_protocol(name: str, text: str) -> int:
    if text not in {"2", "3"}:
        raise ValueError(f"{name} must be 2 or 3")
    return int(text)


def _read_seconds(name: str, text: str) -> float:
    seconds = float(text) if _is_decimal(text) else 0.0
    if not 0 < seconds < 1e6:  # noqa: PLR2004 - no one waits for weeks; and NaN is no number
        raise ValueError(f"{name} must be seconds, more than 0")
    return seconds


def _read_cert_reqs(name: str, text: str) -> str:
    found = _CERT_REQS.get(text.lower())
    if found is None:
        raise ValueError(f"{name} must be none, optional or required")
    return found


def _read_file(name: str, text: str) -> str:
    """Read the path of a file or folder that we may read: known at start, not at the first call."""
    path = Path(at_home(text))
    if not text:
        raise ValueError(f"{name} is empty")
    try:
        if path.is_dir():
            list(path.iterdir())
        else:
            path.open("rb").close()
    except OSError as exc:
        raise ValueError(f"{name}: cannot read {path}: {exc.strerror}") from None
    return str(path)


def _read_tls_version(name: str, text: str) -> int:
    plain = text.upper().replace("TLSV", "").replace(".", "_")
    known = {"1_2": TLSVersion.TLSv1_2, "1_3": TLSVersion.TLSv1_3}
    known |= {str(version.value): version for version in tuple(known.values())}
    if plain not in known:
        raise ValueError(f"{name} must be 1.2 or 1.3")
    return known[plain]


def _read_text(_: str, text: str) -> str:
    return text


def check_tls(options: Mapping[str, Any]) -> None:
    """See that the files hold what they should. Raises ValueError: no handshake would say it so."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    places = options.get("ssl_ca_certs"), options.get("ssl_ca_path")
    try:
        if any(places):
            context.load_verify_locations(*places)
    except ssl.SSLError:
        raise ValueError("ssl_ca_certs holds no certificates in PEM form") from None
    if "ssl_keyfile" in options and "ssl_certfile" not in options:
        raise ValueError("ssl_keyfile needs ssl_certfile")
    if "ssl_certfile" in options:
        _check_pair(context, options)
    try:
        context.set_ciphers(options.get("ssl_ciphers", "DEFAULT"))
    except ssl.SSLError:
        raise ValueError("ssl_ciphers names no cipher that this OpenSSL has") from None


def _check_pair(context: ssl.SSLContext, options: Mapping[str, Any]) -> None:
    password = options.get("ssl_password", "")
    try:
        # Without a password OpenSSL would ask whoever sits before the screen.
        context.load_cert_chain(
            options["ssl_certfile"], options.get("ssl_keyfile"), lambda: password
        )
    except (ssl.SSLError, OSError):
        raise ValueError(
            "ssl_certfile, ssl_keyfile and ssl_password hold no certificate with its key"
        ) from None


TLS_OPTIONS: Final[Mapping[str, Reader]] = {
    "ssl_cert_reqs": _read_cert_reqs,
    "ssl_ca_certs": _read_file,
    "ssl_ca_path": _read_file,
    "ssl_certfile": _read_file,
    "ssl_keyfile": _read_file,
    "ssl_password": _read_text,
    "ssl_check_hostname": read_flag,
    "ssl_min_version": _read_tls_version,
    "ssl_ciphers": _read_text,
}
#: What redis-py's URLs may say of a connection, and we take from them.
CONNECTION_OPTIONS: Final[Mapping[str, Reader]] = {
    "protocol": _read_protocol,
    "socket_timeout": _read_seconds,
    "socket_connect_timeout": _read_seconds,
    "socket_keepalive": read_flag,
    "health_check_interval": read_number,
    "max_connections": _read_some,
}
#: What has a meaning, or had one for a library that reads such URLs and has none for us.
NAMES: Final = (
    *TLS_OPTIONS,
    *CONNECTION_OPTIONS,
    *("ssl", "db", "virtual_host", "master_name", "username", "password"),
    *("sentinel_username", "sentinel_password"),
    *("client_name", "retry_on_timeout", "socket_read_size", "timeout", "decode_responses"),
)
