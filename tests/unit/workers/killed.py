"""A process that is killed (SIGKILL) at one of its steps: at a word with Redis or the database."""

from __future__ import annotations

import os
import signal
import traceback
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import Connection

from shared.database.database import Database
from shared.store.connections import Connection as RedisConnection

#: No step has this number.
NEVER: Final = -1


class _Steps:
    """Counts the steps of this process, and ends it at one."""

    def __init__(self, last: int) -> None:
        self._left = last

    def next(self) -> None:
        self._left -= 1
        if self._left == 0:
            os.kill(os.getpid(), signal.SIGKILL)


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """Do work in a process that is killed at this step, from 1; return whether it came so far.

    What it works with must be made in it: connections are not for two processes.
    """
    child = os.fork()
    if child == 0:
        try:
            _watch(_Steps(step))
            work()
        except BaseException:
            traceback.print_exc()
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL
        return True
    assert os.WEXITSTATUS(status) == 0, "it failed: see what it wrote"
    return False


def _watch(steps: _Steps) -> None:
    """Make steps of: before Redis is told, when it was told, before a commit, and behind it."""
    send, write = RedisConnection.send_packed_command, Database.write

    def sent(self: RedisConnection, *args: Any, **more: Any) -> None:
        steps.next()
        send(self, *args, **more)
        steps.next()

    def written(self: Database, work: Callable[[Connection], Any], *args: Any, **more: Any) -> Any:
        def whole(connection: Connection) -> Any:
            done = work(connection)
            steps.next()
            return done

        found = write(self, whole, *args, **more)
        steps.next()
        return found

    RedisConnection.send_packed_command = sent  # type: ignore[method-assign]
    Database.write = written  # type: ignore[method-assign,assignment]
