"""What children of `replyto up` print is in the form of the log, whoever they are."""

from __future__ import annotations

import io
import json

import pytest

from cli.console import Console
from cli.up.child_lines import ChildLines
from tests.support.factories import new_settings

TEXT = ChildLines(new_settings(log_format="text"))
JSON = ChildLines(new_settings(log_format="json"))
REDIS_LINE = "1234:M 28 Nov 2026 00:23:15.727 # WARNING overcommit_memory is set to 0!"


@pytest.mark.parametrize(
    "line",
    [
        pytest.param("2026-01-31T08:00:00.123Z INFO chat1@vm[42] job 7: done", id="a line"),
        pytest.param("  | ValueError: bad", id="a traceback's line"),
        pytest.param('{"time": "2026-01-31T08:00:00.123Z", "message": "x"}', id="JSON"),
    ],
)
def test_line_that_has_the_form_stays_as_it_is(line: str) -> None:
    assert TEXT.of_child("chat1", line) == line


def test_line_of_redis_gets_the_form_with_its_level_and_pid() -> None:
    told = json.loads(JSON.of_child("redis", REDIS_LINE))
    assert (told["level"], told["process"], told["pid"]) == ("WARNING", "redis", 1234)
    assert told["message"] == "WARNING overcommit_memory is set to 0!"
    assert " WARNING redis[1234] WARNING overcommit" in TEXT.of_child("redis", REDIS_LINE)


def test_any_other_line_becomes_one_whatever_is_in_it() -> None:
    told = json.loads(JSON.of_child("gateway", "100 %s\x1b[0m of it"))
    assert (told["process"], told["message"]) == ("gateway", "100 %s\x1b[0m of it")
    assert TEXT.of_child("gateway", "100 %s\x1b[0m").endswith("100 %s\\x1b[0m")


def test_console_prints_nothing_but_json_where_the_log_is_json() -> None:
    out = io.StringIO()
    console = Console(out, color=True)
    console.log_as(JSON)
    console.say("\nReady at\n  http://127.0.0.1:5006\n")
    console.say()
    console.event("chat1 died")
    console.child_line("redis", REDIS_LINE)
    console.hold()
    console.child_line("chat1", "Traceback (most recent call last):")
    console.release(show=True)
    messages = [json.loads(line)["message"] for line in out.getvalue().splitlines()]
    assert messages[:3] == ["Ready at", "http://127.0.0.1:5006", "chat1 died"]
    assert len(messages) == 5
