"""Log lines: one form, whatever comes from outside, and no secret in them."""

from __future__ import annotations

import json
import logging
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from shared.telemetry.log_lines import JsonLines, Lines, TextLines
from shared.telemetry.log_setup import secrets_of
from tests.support.factories import new_settings

ROOT = Path(__file__).parents[4]
FORMS = [pytest.param(TextLines, id="text"), pytest.param(JsonLines, id="json")]


def record(message: str, *args: Any, **extra: Any) -> logging.LogRecord:
    exc_info = extra.pop("exc_info", None)
    made = logging.LogRecord("replyto.test", logging.INFO, "", 0, message, args, exc_info)
    made.__dict__.update(extra)
    made.created, made.process = 1_769_846_400.1239, 42
    return made


def failure(text: str) -> Any:
    try:
        raise ValueError(text)  # noqa: TRY301 - to be caught here is what it is for
    except ValueError:
        return sys.exc_info()


def test_text_line_has_time_level_process_message_and_fields() -> None:
    line = TextLines("chat1@vm").format(record("job %s: done", 7, request_id="req_1", key="key_2"))
    assert line == (
        "2026-01-31T08:00:00.123Z INFO chat1@vm[42] job 7: done job=7 request_id=req_1 key=key_2"
    )


def test_json_line_has_the_same_as_members() -> None:
    line = JsonLines("chat1@vm").format(record("job %s: done", 7, request_id="req_1", status=200))
    assert json.loads(line) == {
        "time": "2026-01-31T08:00:00.123Z",
        "level": "INFO",
        "process": "chat1@vm",
        "pid": 42,
        "logger": "replyto.test",
        "message": "job 7: done",
        "job": 7,
        "request_id": "req_1",
        "status": 200,
    }


def test_line_tells_what_is_under_way_where_it_is_written() -> None:
    about = {"request_id": "req_1", "job": 7, "key": None}
    assert TextLines("p", lambda: about).format(record("hm")).endswith("hm job=7 request_id=req_1")
    assert "job=8" in TextLines("p", lambda: about).format(record("hm", job=8))
    assert "job=9" in TextLines("p", lambda: about).format(record("delivery %s: sent", 9))


@pytest.mark.parametrize(
    "evil",
    [
        pytest.param("a\n2026-01-31T08:00:00.123Z INFO gateway[1] forged", id="a line feed"),
        pytest.param("a\r\nforged", id="a Windows line ending"),
        pytest.param("a\rforged", id="a carriage return alone"),
        pytest.param("a\x1b[2Jforged", id="an escape sequence"),
        pytest.param("a\x9b2Jforged", id="an escape sequence in one byte"),
        pytest.param("a\u2028forged\u2029\x85\x0b\x0c\x1c", id="other line breaks"),
        pytest.param("a\u202eforged", id="text that turns around"),
        pytest.param("a\ud800forged", id="half a character"),
        pytest.param("a\x00forged\x08\x7f", id="NUL, backspace and delete"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("place", ["message", "argument", "field", "about", "exception"])
def test_what_comes_from_outside_stays_in_its_line(
    form: type[Lines], place: str, evil: str
) -> None:
    lines = form("p", lambda: {"key": evil if place == "about" else None})
    made = {
        "message": lambda: record(evil),
        "argument": lambda: record("it: %s", evil),
        "field": lambda: record("it", path=evil),
        "about": lambda: record("it"),
        "exception": lambda: record("it", exc_info=failure(evil)),
    }[place]()
    written = lines.format(made)
    written.encode("utf-8")
    _, *more = written.split("\n")
    assert all(one.startswith("  | ") for one in more)
    assert place == "exception" or not more
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\u202e\ud800]", written)
    if form is JsonLines:
        assert json.loads(written)["message"]
        assert not more


def test_fields_with_spaces_are_quoted_so_that_no_other_field_can_be_made_up() -> None:
    line = TextLines("p").format(record("it", path='/x job=1 "', status=200))
    assert line.endswith('it path="/x job=1 \\"" status=200')


def test_traceback_is_one_member_in_json_and_marked_lines_in_text() -> None:
    made = record("it", exc_info=failure("bad"))
    assert "ValueError: bad" in json.loads(JsonLines("p").format(made))["traceback"]
    head, *trace = TextLines("p").format(made).split("\n")
    assert head.endswith("it")
    assert trace[-1] == "  | ValueError: bad"


def test_line_is_bounded() -> None:
    assert len(TextLines("p").format(record("x" * 1_000_000))) < 10_000
    assert len(JsonLines("p").format(record("it", exc_info=failure("x" * 1_000_000)))) < 50_000
    assert len(TextLines("p").format(record("it", path="x" * 1_000_000))) < 10_000


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("redis://:hushhush@host:6379/0", id="a password in a URL"),
        pytest.param("postgresql://user:hushhush@host/db", id="user and password in a URL"),
        pytest.param("Authorization: Bearer hushhush", id="a bearer token"),
        pytest.param("Authorization: BASIC hushhush=", id="basic credentials"),
        pytest.param("Incorrect API key provided: sk-proj-hushhush", id="a provider's key"),
        pytest.param("key ak-hushhush is wrong", id="a key of ours"),
        pytest.param("signed with whsec_hushhush==", id="a signing secret"),
        pytest.param("/api/results/7?expires=1&signature=hushhush", id="a link's signature"),
        pytest.param("https://llm/v1?api_key=hushhush&x=1", id="a key in a query"),
        pytest.param("the operator's own hushhush!", id="a secret of the settings"),
    ],
)
@pytest.mark.parametrize("form", FORMS)
def test_secret_is_blanked_wherever_it_stands(form: type[Lines], text: str) -> None:
    secrets = ["hushhush!"]
    lines = form("p", lambda: {"key": text}, secrets)
    for made in (
        record(text),
        record("it: %s", text),
        record("it", path=text),
        record("it", exc_info=failure(text)),
    ):
        written = lines.format(made)
        assert "hushhush" not in written
        assert "***" in written


def test_secrets_are_those_of_all_settings() -> None:
    settings = new_settings(
        auth_secret=SecretStr("the-admin-secret"),
        redis_url="sentinel://:the%40redis-password@h:1/0?master_name=m&sentinel_password=of-sentinels",
        database_url="postgresql://u:the-database-password@h/d",
    )
    found = secrets_of(settings)
    for secret in (
        "the-admin-secret",
        "the@redis-password",
        "of-sentinels",
        "the-database-password",
    ):
        assert secret in found


@pytest.mark.parametrize("secret", ['with "quotes"', "with \\ backslash", "with ümlaut, 8"])
def test_secret_of_any_characters_is_blanked_and_the_line_stays_json(secret: str) -> None:
    line = JsonLines("p", secrets=[secret]).format(record("it: %s!", secret))
    assert json.loads(line)["message"] == "it: ***!"


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('http://x" , "y": "z@', id="what looks like credentials"),
        pytest.param('/p?key=a\\"b', id="a value that ends in a quote"),
        pytest.param('Bearer abcdefghij"k', id="a token that ends in a quote"),
    ],
)
def test_line_is_json_whatever_is_blanked_out_of_it(text: str) -> None:
    line = JsonLines("p").format(record("it: %s", text, path=text))
    assert set(json.loads(line)) >= {"time", "message", "path"}


@pytest.mark.parametrize("password", ["has/a#hash?and@more:x", "p@ss:w/o?r#d%&+=", "plain-enough"])
@pytest.mark.parametrize(
    "form", ["redis://u:{}@h:1/0", "unix://:{}@/run/redis.sock", "rediss://u:{}@h?db=1"]
)
def test_password_of_a_url_is_blanked_out_whatever_is_in_it(form: str, password: str) -> None:
    settings = new_settings(redis_url=form.format(password))
    assert settings.redis_address.password == password
    assert password in secrets_of(settings)


def test_libraries_do_not_name_the_addresses_that_are_called() -> None:
    """A query may hold a key, and a provider's odd header is no traceback of ours."""
    script = (
        "import logging; from shared.settings import Settings;"
        "from shared.telemetry import log_setup; log_setup.set_up('chat', Settings());"
        "logging.getLogger('urllib3.connection').warning('Failed: https://h/v1?key=abc');"
        "logging.getLogger('replyto').warning('said')"
    )
    command = [sys.executable, "-c", script]
    said = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stderr
    assert "said" in said
    assert "Failed" not in said
