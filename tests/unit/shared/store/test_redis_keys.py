"""One module spells the keys of Redis; each script states the ones it is given."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from shared.queues import names as task_names
from shared.store import redis_keys, scripts

ROOT = Path(redis_keys.__file__).parents[2]
PACKAGES = ("gateway", "workers", "shared", "cli")
SOURCES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
INCLUDES = sorted((ROOT / "shared" / "lua" / "includes").glob("*.lua"))
LUA = sorted({*(ROOT / "shared" / "lua").glob("*/*.lua")} - {*INCLUDES})

BUILDERS = {
    name: builder
    for name, builder in inspect.getmembers(redis_keys, inspect.isfunction)
    if builder.__module__ == redis_keys.__name__
}
CONSTANTS = {
    name: value
    for name, value in vars(redis_keys).items()
    if name.isupper() and isinstance(value, str)
}


def sample(name: str) -> str:
    """Return one key of a builder."""
    builder = BUILDERS[name]
    texts = {"str": "x", "int": 5}
    return str(
        builder(*(texts[p.annotation] for p in inspect.signature(builder).parameters.values()))
    )


#: What every key begins with: the part up to the first colon, colon included.
PREFIXES = {
    text[: text.index(":") + 1]
    for text in [*CONSTANTS.values(), *map(sample, BUILDERS)]
    if ":" in text
}


def test_prefixes_are_found_in_the_module_of_keys() -> None:
    assert {"jobs:", "job:", "delivery:", "deliveries:", "line:", "worker:"} <= PREFIXES


def literals(path: Path) -> Iterator[str]:
    """Yield the string literals of a Python file but its docstrings, parts of f-strings too."""
    tree = ast.parse(path.read_text("utf-8"))
    docstrings = {
        id(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            if isinstance(node.value, str):
                yield node.value
            elif isinstance(node.value, bytes):
                yield node.value.decode("latin-1")


def is_key(text: str) -> bool:
    """Whether a literal is a key or begins one; a sentence has a space behind its colon."""
    begins = any(re.fullmatch(re.escape(prefix) + r"\S*", text) for prefix in PREFIXES)
    return begins or redis_keys.PRIORITY_SEPARATOR in text


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_module_but_one_spells_a_key(path: Path) -> None:
    spelled = [text for text in literals(path) if is_key(text)]

    assert bool(spelled) == (path.name == "redis_keys.py"), spelled


@pytest.mark.parametrize("path", [*LUA, *INCLUDES], ids=lambda path: path.stem)
def test_no_script_spells_a_key(path: Path) -> None:
    code = re.sub(r"--.*", "", path.read_text("utf-8"))
    spelled = [text for text in re.findall(r"'([^']*)'", code) if is_key(text)]

    assert spelled == []


def test_no_two_keys_are_alike() -> None:
    spelled = [*CONSTANTS.values(), *map(sample, BUILDERS)]

    assert len(set(spelled)) == len(spelled)


@pytest.mark.parametrize("name", sorted(BUILDERS))
def test_each_builder_says_the_type_of_its_key(name: str) -> None:
    kinds = ("STRING", "HASH", "LIST", "SET", "ZSET", "STREAM", "PUB/SUB")

    assert (BUILDERS[name].__doc__ or "").startswith(kinds)


def test_message_list_is_the_bare_queue_when_the_priority_is_highest() -> None:
    lists = [redis_keys.message_list("q", priority) for priority in task_names.PRIORITIES]

    assert lists == ["q", "q\x06\x165", "q\x06\x169"]


# --- scripts --------------------------------------------------------------------------------------


def test_scripts_are_there() -> None:
    assert len(LUA) > 15


@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_script_includes_what_it_names_and_calls(path: Path) -> None:
    text = path.read_text("utf-8")
    named = re.findall(r"^--! include (\w+)$", text, re.MULTILINE)
    whole = scripts.load(path.stem).text

    assert whole.endswith(text)
    for include in INCLUDES:
        included = include.read_text("utf-8")
        defined = functions_of(included)
        there = [name for name in functions_of(whole) if name in defined]
        assert (include.stem in named) == bool(there if defined else included in whole)


@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_script_has_every_function_that_it_calls_and_no_other(path: Path) -> None:
    text, whole = path.read_text("utf-8"), scripts.load(path.stem).text
    named = [one for one in INCLUDES if f"--! include {one.stem}\n" in text]
    known = {name for include in named for name in functions_of(include.read_text("utf-8"))}

    called = {name for name in known if re.search(rf"\b{name}\b", strip_comments(whole))}
    assert set(functions_of(whole.removesuffix(text))) == called


@pytest.mark.parametrize("path", INCLUDES, ids=lambda path: path.stem)
def test_functions_of_an_include_end_where_the_loader_looks_for_their_end(path: Path) -> None:
    text = path.read_text("utf-8")

    assert len(re.findall(r"^end$", text, re.MULTILINE)) == len(functions_of(text))


def functions_of(text: str) -> list[str]:
    return re.findall(r"^local function (\w+)\(", text, re.MULTILINE)


def strip_comments(text: str) -> str:
    """Leave the calls of a script: neither its comments nor its definitions."""
    return re.sub(r"--.*|local function \w+", "", text)


@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_script_opens_with_a_header_that_states_its_keys_and_arguments(path: Path) -> None:
    text = path.read_text("utf-8")
    header = "".join(re.findall(r"\A(?:--.*\n)+", text))

    assert header.startswith(f"-- {path.stem}: ")
    assert re.search(r"^-- KEYS  1", header, re.MULTILINE)
    assert re.search(r"^-- ARGV  1", header, re.MULTILINE)


@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_script_states_every_key_and_argument_that_it_uses(path: Path) -> None:
    text = path.read_text("utf-8")
    header = "".join(re.findall(r"\A(?:--.*\n)+", text))
    sections = re.split(r"^-- (KEYS|ARGV|Returns)", header, flags=re.MULTILINE)
    code = strip_comments(scripts.load(path.stem).text)

    for kind in ("KEYS", "ARGV"):
        stated = sections[sections.index(kind) + 1]
        used = [int(number) for number in re.findall(rf"{kind}\[(\d+)\]", code)]
        assert max(used, default=1) <= max(int(number) for number in re.findall(r"\d+", stated))


@pytest.mark.integration
@pytest.mark.parametrize("path", LUA, ids=lambda path: path.stem)
def test_script_compiles_on_a_real_server_under_the_name_we_give_it(
    real_redis: redis.Redis, path: Path
) -> None:
    script = scripts.load(path.stem)

    assert real_redis.script_load(script.text) == script.sha
