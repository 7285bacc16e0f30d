"""Which values of libpq's options cannot be: libpq itself says so only when it connects. Pure.

Else a slip in the URL looks like a database that is away, and processes wait for it for ever.
PostgreSQL 17, section 34.1.2, "Parameter Key Words".
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

_WORDS: Final[Mapping[str, tuple[str, ...]]] = {
    "sslmode": ("disable", "allow", "prefer", "require", "verify-ca", "verify-full"),
    "sslnegotiation": ("postgres", "direct"),
    "channel_binding": ("disable", "prefer", "require"),
    "gssencmode": ("disable", "prefer", "require"),
    "load_balance_hosts": ("disable", "random"),
    "target_session_attrs": (
        *("any", "read-write", "read-only", "primary", "standby", "prefer-standby"),
    ),
}
_NUMBERS: Final = (
    *("connect_timeout", "keepalives", "keepalives_idle", "keepalives_interval"),
    *("keepalives_count", "tcp_user_timeout"),
)
#: Whose values are paths.
FILES: Final = ("sslrootcert", "sslcert", "sslkey", "sslcrl")
#: What stands for no file: the system's authorities, a key in a device.
_NO_FILE: Final = re.compile(r"system|pkcs11:.*|")
_is_number = re.compile(r"-?[0-9]{1,9}").fullmatch
_is_port = re.compile(r"[0-9]{1,5}").fullmatch


def problem_of(options: Mapping[str, Any]) -> str:
    """Return what is wrong with one of them, without its value; else nothing."""
    ports = str(options.get("port", "")).split(",")
    if not all(port == "" or (_is_port(port) and 0 < int(port) < 65536) for port in ports):  # noqa: PLR2004
        return (
            "names a port that is none of 1 to 65535 (a / in the password is written as %2F, "
            "a : in the host needs brackets)"
        )
    for name, words in _WORDS.items():
        if options.get(name, words[0]) not in words:
            return f"{name} must be one of {', '.join(words)}"
    for name in _NUMBERS:
        if not _is_number(str(options.get(name, 0)).strip()):
            return f"{name} must be a whole number"
    return _file_problem(options)


def _file_problem(options: Mapping[str, Any]) -> str:
    for name in FILES:
        path = str(options.get(name, ""))
        if not _NO_FILE.fullmatch(path):
            try:
                Path(path).open("rb").close()
            except OSError as exc:
                return f"{name}: cannot read {path}: {exc.strerror}"
    return ""
