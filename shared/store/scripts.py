"""Loads the Lua scripts of the ledger and runs them, alone or many in one round trip."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from typing import Any, Final, NamedTuple

import redis
from redis.exceptions import NoScriptError, ReadOnlyError

_FOLDER: Final = resources.files("shared") / "lua"
_INCLUDE: Final = re.compile(r"^--! include (\w+)$", re.MULTILINE)
#: A function of an include, with what is said of it right before.
_FUNCTION: Final = re.compile(
    r"(?:^--[^\n]*\n)*^local function (?P<name>\w+)\(.*?^end\n", re.MULTILINE | re.DOTALL
)
_COMMENT: Final = re.compile(r"--.*")

Argument = str | bytes | int | float


@dataclass(frozen=True, slots=True)
class Script:
    """A script's text and the name Redis knows it by."""

    text: str
    sha: str


class Call(NamedTuple):
    """One run of one script. Its KEYS and ARGV are stated at the top of `lua/<room>/<name>.lua`."""

    name: str
    keys: Sequence[str]
    args: Sequence[Argument]


@cache
def _files() -> dict[str, Traversable]:
    """Return the scripts by name; what is only included is none."""
    rooms = [room for room in _FOLDER.iterdir() if room.is_dir() and room.name != "includes"]
    files = [file for room in rooms for file in room.iterdir() if file.name.endswith(".lua")]
    return {file.name.removesuffix(".lua"): file for file in files}


def _without_idle_functions(included: str, text: str) -> str:
    """Leave out the functions that nothing calls: each run of a script would make them anew.

    A function calls those only that stand before it, so it is enough to go once from the end.
    """
    called = set(re.findall(r"\w+", _COMMENT.sub("", text)))
    kept: list[str] = []
    end = len(included)
    for match in reversed(list(_FUNCTION.finditer(included))):
        pieces = [included[match.end() : end]]
        if match["name"] in called:
            pieces.append(match[0])
        for piece in pieces:
            called.update(re.findall(r"\w+", _COMMENT.sub("", piece)))
        kept += pieces
        end = match.start()
    return "".join(reversed([*kept, included[:end]]))


@cache
def load(name: str) -> Script:
    """Read `lua/<room>/<name>.lua` and put in what it includes, each once, in the order named."""
    text = _files()[name].read_text("utf-8")
    parts = [
        (_FOLDER / "includes" / f"{part}.lua").read_text("utf-8") for part in _INCLUDE.findall(text)
    ]
    whole = _without_idle_functions("\n".join(parts), text) + text
    # SHA-1 is Redis's name for a script, not a protection.
    return Script(whole, hashlib.sha1(whole.encode(), usedforsecurity=False).hexdigest())


@cache
def _load_all() -> None:
    """Read every script now: an upgrade may replace the files under a process that runs."""
    for name in _files():
        load(name)


def _is_to_repeat(result: Any) -> bool:
    """Whether nothing was done, and may be at the next try.

    A connection to who is not the master any more was closed: the next one leads to who is.
    """
    return isinstance(result, NoScriptError | ReadOnlyError)


class ScriptRunner:
    """Runs scripts by their hash; sends the text only to a Redis that does not know it yet."""

    def __init__(self, client: redis.Redis) -> None:
        self._client = client
        _load_all()

    def run(self, call: Call) -> Any:
        """Run one script. Raises redis.RedisError."""
        script = load(call.name)
        try:
            return self._client.execute_command(  # type: ignore[no-untyped-call]
                "EVALSHA", script.sha, len(call.keys), *call.keys, *call.args
            )
        except NoScriptError:
            return self._client.eval(script.text, len(call.keys), *call.keys, *call.args)

    def run_all(self, calls: Sequence[Call]) -> list[Any]:
        """Run scripts in one round trip, each atomic by itself. Raises the first error met."""
        results = self.try_all(calls)
        for result in results:
            if isinstance(result, Exception):
                raise result
        return results

    def try_all(self, calls: Sequence[Call]) -> list[Any]:
        """Run scripts in one round trip; return what each returns, or the error that it met."""
        if not calls:
            return []
        results = self._send(calls)
        again = [i for i, result in enumerate(results) if _is_to_repeat(result)]
        if again:
            for name in {calls[i].name for i in again if isinstance(results[i], NoScriptError)}:
                self._client.script_load(load(name).text)
            for i, result in zip(again, self._send([calls[i] for i in again]), strict=True):
                results[i] = result
        return results

    def _send(self, calls: Sequence[Call]) -> list[Any]:
        pipe = self._client.pipeline(transaction=False)
        for call in calls:
            pipe.evalsha(load(call.name).sha, len(call.keys), *call.keys, *call.args)
        return pipe.execute(raise_on_error=False)
