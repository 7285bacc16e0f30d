"""A log line about an error says what went wrong, whatever the library calls its errors."""

from __future__ import annotations

import re
from pathlib import Path

import redis

from shared.named_error import named

ROOT = Path(__file__).parents[3]


def test_error_is_told_with_its_class_and_words() -> None:
    told = named(redis.ConnectionError("Error 111 connecting to 127.0.0.1:1.\nRefused."))
    assert told == "ConnectionError: Error 111 connecting to 127.0.0.1:1. Refused."
    assert named(KeyError()) == "KeyError"


def test_no_log_line_leaves_it_to_the_errors_repr() -> None:
    """redis-py's is `network:ConnectionError`, which tells nobody which Redis, and why."""
    rooms = (ROOT / room for room in ("gateway", "workers", "shared", "cli"))
    files = [file for room in rooms for file in room.rglob("*.py")]
    assert len(files) > 100
    leave = re.compile(r'%r"(,[^()"]*)?,\s*(exc|error)\)|repr\((exc|error)\)|\{(exc|error)!r\}')
    assert [str(file) for file in files if leave.search(file.read_text("utf-8"))] == []
