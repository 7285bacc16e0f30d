"""Each script names its keys and arguments in its first lines, and says what Python says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from shared.queues import gates
from shared.queues import names as task_names
from shared.store import redis_keys

LUA = Path(redis_keys.__file__).parents[1] / "lua"
SCRIPTS = sorted(LUA.glob("*/*.lua"))

#: `KEYS[3]`, `ARGV[at + 1]`, `unpack(ARGV, 8)`, `for i = 8, #KEYS`: a place told by a number.
NUMBERED = re.compile(
    r"(?:KEYS|ARGV)\[[^\]]*\d[^\]]*\]|unpack\((?:KEYS|ARGV), \d"
    r"|for \w+ = \d+, (?:#KEYS|#ARGV|\d{2})"
)
#: `local a, b = unpack(KEYS, 1, 2)`, `local a = ARGV[1]`, `local FIRST_FIELD = 8`.
NAMING = (
    r"\s*local [\w,\s]+="
    r"\s*(?:unpack\((?:KEYS|ARGV), \d+, \d+\)|(?:KEYS|ARGV)\[\d+\]|[\d, ]+)\n"
)


def code_of(path: Path) -> str:
    """Return the script without its comments."""
    return re.sub(r"--.*", "", path.read_text("utf-8"))


def head_and_body(code: str) -> tuple[str, str]:
    """Split behind the last of the `local`s that only name places."""
    named = (
        r"\s*local [\w,\s]+=\s*(?:unpack\((?:KEYS|ARGV), \d+, \d+\)|(?:KEYS|ARGV)\[\d+\]|[\d, ]+)\n"
    )
    head = re.match(rf"(?:{named})*", code)
    assert head is not None
    return code[: head.end()], code[head.end() :]


def numbered(code: str) -> list[str]:
    return NUMBERED.findall(head_and_body(code)[1])


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_places_of_keys_and_arguments_are_named_in_the_first_lines(path: Path) -> None:
    assert numbered(code_of(path)) == []


@pytest.mark.parametrize(
    "line",
    [
        "redis.call('DEL', KEYS[1])",
        "redis.call('ZREM', KEYS[19 + 3 * i], ARGV[2])",
        "local now = clock(ARGV[1])",
        "redis.call('HSET', job_key, unpack(ARGV, 8))",
        "for i = 8, #KEYS do",
        "for i = 5, 13 do",
    ],
)
def test_a_bare_place_behind_the_head_is_found(line: str) -> None:
    code = f"local job_key, id = unpack(KEYS, 1, 2)\nlocal FIRST = 8\n\nlocal now = 1\n{line}\n"
    assert len(numbered(code)) >= 1


# --- constants ----------------------------------------------------------------------------------

TASKS = {
    task_names.CHAT,
    task_names.COMPLETE,
    task_names.DELIVER,
    task_names.TEST_CALLBACK,
}


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_tasks_and_queues_are_those_that_the_workers_know(path: Path) -> None:
    code = code_of(path)
    assert set(re.findall(r"'(workers\.[\w.]+)'", code)) <= TASKS
    pushed: list[Any] = re.findall(r"push_message\([^)]*?'(\w+)', \d, '", code)
    assert set(pushed) <= {task_names.CALLBACKS_QUEUE, task_names.COMPLETION_QUEUE}


def test_priorities_and_separators_are_those_of_python() -> None:
    code = code_of(LUA / "includes" / "gates.lua")
    steps = re.search(r"PRIORITY_STEPS = \{([\d, ]+)\}", code)
    assert steps is not None
    assert tuple(map(int, steps[1].split(","))) == task_names.PRIORITIES
    assert r"queue .. '\6\22' .. priority" in code
    assert redis_keys.PRIORITY_SEPARATOR == "\x06\x16"
    assert r"queue .. '\30' .. pin" in code
    assert gates.gate("q", "acme") == "q\x1eacme"


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.stem)
def test_what_separates_parts_of_a_key_is_what_separates_them_in_python(path: Path) -> None:
    escapes = set(re.findall(r"\\(\d+)", code_of(path)))
    assert escapes <= {"6", "22", "30", "31"}
    assert redis_keys.waiting_of("q", 0, "ann") == redis_keys.waiting("q", 0) + "\x1fann"
