"""URLs of databases: which can be read, how they are shown, and what the driver is told."""

from __future__ import annotations

import re
import string
from typing import Any
from urllib.parse import quote

import psycopg
import pytest
from pydantic import ValidationError
from sqlalchemy import text

from gateway.admin.overview import setting_rows
from shared.database.database import Database
from shared.database.url import BadDatabaseUrl, parse_url
from shared.settings import Settings
from tests.support.factories import new_settings
from tests.support.servers.postgres import PostgresServer


@pytest.mark.parametrize(
    ("url", "told"),
    [
        pytest.param(
            "postgres://a:b@h/d", {"user": "a", "password": "b", "host": "h"}, id="short scheme"
        ),
        pytest.param("postgresql+psycopg2://h/d", {"host": "h"}, id="another driver's name"),
        pytest.param("POSTGRESQL://h/d", {"host": "h"}, id="scheme in capitals"),
        pytest.param(
            "postgresql://u@h1:5432,h2:5433/d?target_session_attrs=read-write",
            {"host": "h1,h2", "port": "5432,5433", "target_session_attrs": "read-write"},
            id="several hosts",
        ),
        pytest.param("postgresql://u@[::1]:7/d", {"host": "::1", "port": "7"}, id="IPv6"),
        pytest.param("postgresql://[fe80::1%25eth0]/d", {"host": "fe80::1%eth0"}, id="IPv6 zone"),
        pytest.param("postgresql:///d?host=/run/pg", {"host": "/run/pg"}, id="socket"),
        pytest.param("postgresql://%2Frun%2Fpg/d", {"host": "/run/pg"}, id="socket as the host"),
        pytest.param("postgres://u:%40%2F%25@h/d", {"password": "@/%"}, id="password with all"),
        pytest.param(
            "postgres://h/d?options=-c%20search_path%3Dx&sslmode=require&connect_timeout=9",
            {"options": "-c search_path=x", "sslmode": "require", "connect_timeout": "9"},
            id="options",
        ),
        pytest.param(
            "postgres://h/d?pgbouncer=true&application_name=a+b%20c",
            {"host": "h", "application_name": "a+b c"},
            id="pgbouncer's own hint",
        ),
        pytest.param("postgres://h/d?prepare_threshold=5", {"prepare_threshold": 5}, id="prepares"),
        pytest.param("postgres://h/d", {"prepare_threshold": None}, id="prepares nothing"),
    ],
)
def test_url_is_read_as_libpq_reads_it(url: str, told: dict[str, Any]) -> None:
    options = parse_url(url).options
    assert {name: options[name] for name in told} == told


@pytest.mark.parametrize(
    ("url", "why"),
    [
        pytest.param("mysql://h/d", "must start with", id="another database"),
        pytest.param("postgresql:h", "must start with", id="no slashes"),
        pytest.param("sqlite:///", "path of a file", id="no file"),
        pytest.param("sqlite://h/d", "must start with", id="a file on a host"),
        pytest.param("sqlite:///:memory:", "all processes share", id="in memory"),
        pytest.param("sqlite:///file:x?timeout=1", "all processes share", id="SQLite's own URI"),
        pytest.param("sqlite:///h.db?mode=ro", "takes no options", id="an option of SQLite's"),
        pytest.param("sqlite:////data/", "path of a file", id="a folder"),
        pytest.param("postgres://h:99999/d", "1 to 65535", id="port too large"),
        pytest.param("postgres://h:٣/d", "1 to 65535", id="port in other digits"),
        pytest.param("postgres://h/d?sslmode=on", "sslmode must be one of", id="a wrong word"),
        pytest.param("postgres://h/d?connect_timeout=5s", "whole number", id="a unit"),
        pytest.param("postgres://h/d?sslrootcert=/no", "cannot read /no", id="no such file"),
        pytest.param("postgres://h/d?schema=x", "no option 'schema'", id="an unknown option"),
        pytest.param("postgres://u:hid%zzden@h/d", "%40", id="a percent sign"),
        pytest.param("postgres://u:hid/den?x@h/d", "%40", id="a slash in the password"),
        pytest.param("postgres://[::1/d", "IPv6|bracket", id="a bracket"),
        pytest.param("postgres://h/d?prepare_threshold=x", "a number or 'none'", id="no number"),
    ],
)
def test_url_that_cannot_be_read_is_told_without_its_password(url: str, why: str) -> None:
    with pytest.raises(ValidationError) as raised:
        new_settings(database_url=url)
    assert len(raised.value.errors()) == 1
    message = str(raised.value.errors()[0]["msg"])
    with pytest.raises(BadDatabaseUrl, match=why):
        parse_url(url)
    assert not {"hid", "den", "zz"} & set(message.replace("%", " ").split()), message
    assert "hid" not in message


@pytest.mark.parametrize(
    "form",
    [
        "postgresql+psycopg://u:hid{}den@h/d",
        "postgres://u:hid{}den@h:5432/d?pgbouncer=true&application_name=a+b%20c",
        "postgresql://u:12{}zz@h/d?sslmode=require",
    ],
)
def test_password_is_read_whole_or_refused_and_never_told(form: str) -> None:
    """A part of it that was taken for the host or the port would be told when connecting fails."""
    for char in (*string.punctuation, *string.whitespace, "é", "…"):
        url = form.format(char)
        password = url.partition("u:")[2].rpartition("@h")[0]
        told, options = "", dict[str, Any]()
        try:
            options = parse_url(url).options
        except BadDatabaseUrl as exc:
            told = str(exc)
        if told:
            assert char in "@/% \t\n\r\x0b\x0c", char
            assert not {"hid", "den", "12", "zz"} & set(re.findall(r"[a-z0-9]+", told))
        else:
            assert (options["password"], options["host"]) == (password, "h"), char
            assert options["dbname"] == "d", char
        encoded = parse_url(form.format(quote(char, safe=""))).options
        assert encoded["password"] == password


def test_names_of_drivers_are_taken_for_sqlite_too() -> None:
    assert parse_url("SQLITE+aiosqlite:///a.db?timeout=5") == parse_url("sqlite:///a.db")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        pytest.param("postgres://u:hidden@[::1]:5/d", "postgresql://u@[::1]/d?port=5", id="user"),
        pytest.param("postgres:///d?password=hidden", "postgresql:///d", id="an option"),
        pytest.param("postgres://h/d?sslpassword=hidden", "postgresql://h/d", id="of the key"),
        pytest.param("sqlite:////data/h.db", "sqlite:////data/h.db", id="SQLite"),
    ],
)
def test_url_is_shown_without_what_is_secret(url: str, shown: str) -> None:
    assert str(Database(url)) == shown


@pytest.mark.parametrize(
    "url", ["postgres://u:hidden@h/d", "postgresql:///d?user=u&password=hidden"]
)
def test_settings_page_does_not_show_a_url_that_holds_a_password(url: str) -> None:
    rows = {row.name: row for row in setting_rows(new_settings(database_url=url))}
    row = rows["REPLYTO_DATABASE_URL"]
    assert row.is_secret
    assert row.value is None


def test_setting_takes_the_short_scheme() -> None:
    settings: Settings = new_settings(database_url="postgres://h/d")
    assert settings.effective_database_url == "postgres://h/d"


@pytest.mark.integration
@pytest.mark.parametrize(
    ("options", "limit"),
    [
        pytest.param("", "1min", id="ours"),
        pytest.param("&options=-c%20statement_timeout%3D7s", "7s", id="the operator's"),
    ],
)
def test_limit_of_a_statement_is_the_operators_or_ours(
    postgres_server: PostgresServer, options: str, limit: str
) -> None:
    database = Database(postgres_server.url().replace("postgresql", "postgres") + options)
    with database._engine.connect() as connection:
        assert connection.scalar(text("SHOW statement_timeout")) == limit
        assert connection.scalar(text("SHOW timezone")) == "UTC"
    database.close()


@pytest.mark.integration
def test_nothing_of_a_transaction_stays_in_the_session(postgres_server: PostgresServer) -> None:
    database = Database(postgres_server.url())
    with database._engine.connect() as connection:
        for number in range(10):
            connection.scalar(text("SELECT CAST(:n AS int)"), {"n": number})
        raw: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
        connection.rollback()
        asked = "SELECT count(*), current_setting('statement_timeout') FROM pg_prepared_statements"
        row = raw.execute(asked).fetchone()
    assert row == (0, "0")
    database.close()
