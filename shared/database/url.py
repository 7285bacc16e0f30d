"""Reads the URL of a database as its operator wrote it, and refuses what cannot be one.

PostgreSQL's is read by libpq itself: what its documentation names works here too, several hosts,
sockets, IPv6 with a zone, and every option (PostgreSQL 17, section 34.1.1.2, "Connection URIs").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

#: Both names of the scheme, and with the name of a driver as SQLAlchemy writes it.
_POSTGRESQL: Final = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_SQLITE: Final = "sqlite:///"
#: Options of other drivers that say what holds here anyway.
_IGNORED: Final = frozenset(("pgbouncer",))
#: The one option of psycopg that is none of libpq's.
_THRESHOLD: Final = "prepare_threshold"
_SECRET: Final = re.compile("password|secret", re.IGNORECASE)


class BadDatabaseUrl(ValueError):
    """The URL cannot be read; the message says why, and nothing of what it holds."""


@dataclass(frozen=True, slots=True)
class DatabaseUrl:
    """A database: the file of SQLite's, or what psycopg is to connect with."""

    #: `sqlite` or `postgresql`.
    dialect: str
    #: As it was written, password included.
    text: str
    path: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return it for people: without what is secret."""
        if self.dialect == "sqlite":
            return self.text
        known = {name: value for name, value in self.options.items() if not _SECRET.search(name)}
        hosts = known.pop("host", "") or known.pop("hostaddr", "")
        user, name = known.pop("user", ""), known.pop("dbname", "")
        rest = "&".join(f"{key}={value}" for key, value in known.items() if value is not None)
        address = f"{user}@" if user else ""
        return f"postgresql://{address}{_bracketed(hosts)}/{name}{'?' if rest else ''}{rest}"


def parse_url(text: str) -> DatabaseUrl:
    """Return the database that the URL names. Raises BadDatabaseUrl."""
    if text.startswith(_SQLITE):
        path = text.removeprefix(_SQLITE).split("?")[0]
        if not path:
            raise BadDatabaseUrl("sqlite:/// must be followed by the path of a file")
        return DatabaseUrl("sqlite", text, path=path)
    if not _POSTGRESQL.match(text):
        raise BadDatabaseUrl("must start with 'postgresql://' or 'sqlite:///'")
    return DatabaseUrl("postgresql", text, options=_libpq_options(text))


def _libpq_options(text: str) -> dict[str, Any]:
    """Return psycopg's arguments. Prepared statements are off: see docs/adr/0024."""
    uri, own = _without_own(_POSTGRESQL.sub("postgresql://", text, count=1))
    from psycopg import Error  # noqa: PLC0415 - heavy, and SQLite needs none of it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        options: dict[str, Any] = dict(conninfo_to_dict(uri))
    except Error as exc:
        raise BadDatabaseUrl(_why(str(exc))) from None
    options[_THRESHOLD] = _threshold(own.get(_THRESHOLD, ""))
    return options


def _without_own(uri: str) -> tuple[str, dict[str, str]]:
    """Return the URI with libpq's options only, and the others."""
    try:
        parts = urlsplit(uri)
    except ValueError:
        raise BadDatabaseUrl("the brackets of an IPv6 address do not match") from None
    # A `+` is itself to libpq, and a space to urllib.
    pairs = parse_qsl(parts.query.replace("+", "%2B"), keep_blank_values=True)
    own = {name: value for name, value in pairs if name in _IGNORED or name == _THRESHOLD}
    if not own:
        return uri, {}
    kept = [(name, value) for name, value in pairs if name not in own]
    query = urlencode(kept).replace("+", "%20")
    return urlunsplit(parts._replace(query=query)), own


def _threshold(text: str) -> int | None:
    if text.lower() in ("", "none"):
        return None
    if not text.isascii() or not text.isdecimal():
        raise BadDatabaseUrl(f"{_THRESHOLD} must be a number or 'none'")
    return int(text)


def _why(told: str) -> str:
    """Return what libpq found wrong, unless its words could hold a part of the password."""
    if found := re.search(r'invalid URI query parameter: "(\w{1,40})"', told):
        return f"PostgreSQL has no option '{found[1]}'"
    return (
        "cannot be read as a PostgreSQL URL; in user, password and options, characters such as "
        "@ : / ? # % and spaces are written as %40 %3A %2F %3F %23 %25 %20"
    )


def _bracketed(hosts: str) -> str:
    return ",".join(f"[{host}]" if ":" in host else host for host in hosts.split(","))
