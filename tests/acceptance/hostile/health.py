"""Tells whether every process of a stack is the one that it was, and what their logs say."""

from __future__ import annotations

from tests.acceptance.system.memory import family
from tests.acceptance.system.stack import ALL_ROLES, GATEWAY, Stack

#: What no log may say: an error that nobody expected, or that gunicorn killed a worker.
_FOUL = ("Traceback (most recent call last)", "WORKER TIMEOUT", "was sent SIGKILL", "MemoryError")


class Vitals:
    """The processes at a time, and how long their logs were."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._pids = _pids(stack)
        self._logs = {role: len(stack.log(role)) for role in ALL_ROLES}

    def check(self) -> None:
        """Fail when a process has died since, or a log has a traceback."""
        assert not (found := self.complaints()), "\n".join(found)

    def complaints(self) -> list[str]:
        """Return a line for each process that has died, and each log that has a traceback."""
        found = [f"{role} ended" for role in self._stack.ended()]
        # It may have started a helper since.
        if not self._pids <= _pids(self._stack):
            found.append("a process of the gateway was replaced")
        for role, length in self._logs.items():
            said = self._stack.log(role)[length:]
            if foul := [words for words in _FOUL if words in said]:
                where = said.find(foul[0])
                found.append(f"{role}'s log has {foul}: {said[max(0, where - 500) : where + 2500]}")
        return found


def _pids(stack: Stack) -> set[int]:
    """Return the gateway's processes; those of workers come and go with what they run."""
    return set(family(stack.pid(GATEWAY)))
