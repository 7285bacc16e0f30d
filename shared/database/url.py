"""Reads the URL of a database as its operator wrote it, and refuses what cannot be one.

PostgreSQL's is read by libpq itself: what its documentation names works here too, several hosts,
sockets, IPv6 with a zone, and every option (PostgreSQL 17, section 34.1.1.2, "Connection URIs").
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from shared.database.libpq_options import FILES, problem_of
from shared.written_path import at_home

#: Both names of the scheme, and with the name of a driver as SQLAlchemy writes it.
_POSTGRESQL: Final = re.compile(r"postgres(?:ql)?(?:\+[a-z0-9_]+)?://", re.IGNORECASE)
_SQLITE: Final = re.compile(r"sqlite(?:\+[a-z0-9_]+)?:///", re.IGNORECASE)
#: What other programs say of SQLite's connections; here it is always the same.
_OF_SQLITE: Final = frozenset(
    ("timeout", "check_same_thread", "cached_statements", "isolation_level", "detect_types")
)
#: The one option of psycopg that is none of libpq's.
_THRESHOLD: Final = "prepare_threshold"
#: With those of other drivers that say what holds here anyway.
_OWN: Final = frozenset((_THRESHOLD, "pgbouncer"))
_ENCODE: Final = (
    "cannot be read as a PostgreSQL URL; in user, password and options, characters such as "
    "@ : / ? # % and spaces are written as %40 %3A %2F %3F %23 %25 %20"
)
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
    if found := _SQLITE.match(text):
        path = _sqlite_path(text[found.end() :])
        return DatabaseUrl("sqlite", f"sqlite:///{path}", path=path)
    if not _POSTGRESQL.match(text):
        raise BadDatabaseUrl("must start with 'postgresql://' or 'sqlite:///'")
    return DatabaseUrl("postgresql", text, options=_libpq_options(text))


def _sqlite_path(rest: str) -> str:
    path, _, query = rest.partition("?")
    for name in (pair.partition("=")[0] for pair in query.split("&") if pair):
        if name not in _OF_SQLITE:
            raise BadDatabaseUrl("SQLite's file takes no options, and no ? in its name")
    if path == ":memory:" or path.startswith("file:"):
        raise BadDatabaseUrl(
            "must name a file, which all processes share: sqlite:////path/history.db"
        )
    if not path or path.endswith("/"):
        raise BadDatabaseUrl("sqlite:/// must be followed by the path of a file")
    return _at_home(path)


def _at_home(path: str) -> str:
    try:
        return at_home(path)
    except ValueError as exc:
        raise BadDatabaseUrl(str(exc)) from None


def _libpq_options(text: str) -> dict[str, Any]:
    """Return psycopg's arguments. Prepared statements are off: see docs/adr/0024."""
    uri, own = _without_own(_POSTGRESQL.sub("postgresql://", text, count=1))
    if _ends_elsewhere(uri):
        raise BadDatabaseUrl(_ENCODE)
    from psycopg import Error  # noqa: PLC0415 - heavy, and SQLite needs none of it
    from psycopg.conninfo import conninfo_to_dict  # noqa: PLC0415

    try:
        options: dict[str, Any] = dict(conninfo_to_dict(uri))
    except UnicodeDecodeError:
        raise BadDatabaseUrl(_ENCODE) from None
    except Error as exc:
        raise BadDatabaseUrl(_why(str(exc), uri)) from None
    options |= {name: _at_home(str(options[name])) for name in FILES if name in options}
    if problem := problem_of(options):
        raise BadDatabaseUrl(problem)
    options[_THRESHOLD] = _threshold(own.get(_THRESHOLD, ""))
    return options


def _ends_elsewhere(uri: str) -> bool:
    """Whether libpq would take a part of the password for the host, the port or the database.

    For libpq the first @ ends the password, unless a / comes before; then there is none.
    """
    head, _, tail = uri.partition("://")[2].partition("/")
    return head.partition("?")[0].count("@") > 1 or "@" in tail.partition("?")[0]


def _without_own(uri: str) -> tuple[str, dict[str, str]]:
    """Return the URI with libpq's options only, and the others."""
    before, _, query = uri.rpartition("?")
    pairs = [pair.partition("=") for pair in query.split("&")] if before else []
    own = {name: unquote(value) for name, _, value in pairs if name in _OWN}
    if not own:
        return uri, {}
    kept = "&".join(f"{name}={value}" for name, _, value in pairs if name not in own)
    return f"{before}?{kept}" if kept else before, own


def _threshold(text: str) -> int | None:
    if text.lower() in ("", "none"):
        return None
    if not text.isascii() or not text.isdecimal():
        raise BadDatabaseUrl(f"{_THRESHOLD} must be a number or 'none'")
    return int(text)


def _why(told: str, uri: str) -> str:
    """Return what libpq found wrong, unless its words could hold a part of the password."""
    found = re.search(r'invalid URI query parameter: "(\w{1,40})"', told)
    if found and "@" not in uri.rpartition("?")[2]:
        return f"PostgreSQL has no option '{found[1]}'"
    return "the brackets of an IPv6 address do not match" if "IPv6" in told else _ENCODE


def _bracketed(hosts: str) -> str:
    return ",".join(f"[{host}]" if ":" in host else host for host in hosts.split(","))
