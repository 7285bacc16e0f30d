"""Keeps named child processes running: restarts those that die, stops them in order."""

from __future__ import annotations

import json
import selectors
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGTERM

from cli.console import Console
from cli.up.child import Child, ChildSpec

#: First pause before a restart, seconds; it doubles with each death.
BACKOFF_FIRST_S = 0.5
#: Longest pause before a restart, seconds.
BACKOFF_CAP_S = 10.0
#: A child that lived this long starts again with the first pause, seconds.
HEALTHY_AFTER_S = 30.0
#: How often dead children are looked for, seconds.
_POLL_S = 0.1


def backoff_s(deaths_in_a_row: int) -> float:
    """Return the pause before the next start after so many deaths without a healthy life."""
    return min(BACKOFF_CAP_S, BACKOFF_FIRST_S * 2.0 ** (min(deaths_in_a_row, 30) - 1))


@dataclass(slots=True)
class _Seat:
    """A child's place: the process in it now, or the time at which the next one starts."""

    spec: ChildSpec
    child: Child | None = None
    due_at: float = 0.0
    tail: list[str] = field(default_factory=list)
    deaths: int = 0
    deaths_in_a_row: int = 0


class Supervisor:
    """Owns the children. Single-threaded: call `step` in a loop, then `stop`.

    `state_file` holds {name: pid} of what runs, as long as it can be written.
    """

    def __init__(self, console: Console, *, state_file: Path | None = None) -> None:
        self._console = console
        self._state_file = state_file
        self._seats: dict[str, _Seat] = {}
        self._selector = selectors.DefaultSelector()

    @property
    def pids(self) -> dict[str, int]:
        """The process id of each child that runs now."""
        return {name: seat.child.pid for name, seat in self._seats.items() if seat.child}

    def deaths(self, name: str) -> int:
        """Return how often the child of this name has died."""
        return self._seats[name].deaths

    def tail(self, name: str) -> list[str]:
        """Return the last lines that the child of this name printed before it died."""
        return self._seats[name].tail

    def crash_looping(self, deaths: int = 3) -> str | None:
        """Return the name of a child that died this often without a healthy life, if any."""
        looping = (n for n, seat in self._seats.items() if seat.deaths_in_a_row >= deaths)
        return next(looping, None)

    def start(self, spec: ChildSpec) -> None:
        """Start a child and keep it running."""
        seat = self._seats[spec.name] = _Seat(spec)
        self._fill(seat)

    def step(self, timeout_s: float = 1.0) -> None:
        """Pass on what children print, restart the dead; return after at most `timeout_s`."""
        deadline = time.monotonic() + timeout_s
        while True:
            self._pump(max(0.0, min(_POLL_S, deadline - time.monotonic())))
            for seat in self._seats.values():
                self._look_after(seat)
            if time.monotonic() >= deadline:
                return

    def stop(self, *, at_once: Callable[[], bool] = lambda: False) -> None:
        """End all children, stage by stage: SIGTERM, then SIGKILL after their grace.

        `at_once` is asked again and again; when it says yes, all are killed.
        """
        for stage in sorted({seat.spec.stage for seat in self._seats.values()}):
            self._stop_stage(stage, at_once)
        self._seats.clear()
        self._selector.close()
        if self._state_file:
            with suppress(OSError):
                self._state_file.unlink(missing_ok=True)

    def _stop_stage(self, stage: int, at_once: Callable[[], bool]) -> None:
        seats = [s for s in self._seats.values() if s.spec.stage == stage and s.child]
        for seat in seats:
            if seat.child:
                seat.child.signal(SIGTERM)
        until = time.monotonic() + max((seat.spec.grace_s for seat in seats), default=0.0)
        while any(seat.child for seat in seats):
            self._pump(_POLL_S)
            self._keep_up_after(stage)
            expired = at_once() or time.monotonic() >= until
            for seat in seats:
                if seat.child and (expired or seat.child.has_exited()):
                    self._empty(seat)

    def _keep_up_after(self, stage: int) -> None:
        """What stops later is needed until then: it is started again as ever."""
        for seat in self._seats.values():
            if seat.spec.stage > stage:
                self._look_after(seat)

    def _fill(self, seat: _Seat) -> None:
        try:
            seat.child = Child(seat.spec)
        except OSError as exc:
            self._console.child_line(seat.spec.name, f"cannot be started: {exc}")
            self._schedule(seat, lived_s=0.0)
            return
        self._selector.register(seat.child.fd, selectors.EVENT_READ, seat)
        self._write_state()

    def _pump(self, timeout_s: float) -> None:
        for key, _ in self._selector.select(timeout_s):
            seat: _Seat = key.data
            if not seat.child:
                continue
            self._print(seat, *seat.child.read_lines())
            if seat.child.at_eof:
                self._selector.unregister(key.fd)

    def _look_after(self, seat: _Seat) -> None:
        if seat.child and seat.child.has_exited():
            self._bury(seat, seat.child)
        elif not seat.child and time.monotonic() >= seat.due_at:
            self._fill(seat)

    def _bury(self, seat: _Seat, child: Child) -> None:
        self._empty(seat)
        pause = self._schedule(seat, lived_s=child.alive_s())
        self._console.event(
            f"{seat.spec.name} died ({child.ending()}); it starts again in {pause:g} s"
        )

    def _schedule(self, seat: _Seat, *, lived_s: float) -> float:
        """Set when the seat is filled again; return the pause, seconds."""
        seat.deaths += 1
        seat.deaths_in_a_row = 1 if lived_s >= HEALTHY_AFTER_S else seat.deaths_in_a_row + 1
        pause = backoff_s(seat.deaths_in_a_row)
        seat.due_at = time.monotonic() + pause
        return pause

    def _empty(self, seat: _Seat) -> None:
        """End the seat's process with all its group and let go of it."""
        if not seat.child:
            return
        if not seat.child.at_eof:
            self._selector.unregister(seat.child.fd)
        self._print(seat, *seat.child.reap())
        seat.tail = list(seat.child.tail)
        seat.child = None
        self._write_state()

    def _print(self, seat: _Seat, *lines: str) -> None:
        for line in lines:
            self._console.child_line(seat.spec.name, line)

    def _write_state(self) -> None:
        if self._state_file:
            draft = self._state_file.with_suffix(".tmp")
            # A disk that is full must end nothing that runs.
            with suppress(OSError):
                draft.write_text(json.dumps(self.pids) + "\n", "utf-8")
                draft.replace(self._state_file)
