"""This machine's processes under supervision: started together, kept running, stopped in order."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from cli.console import Console
from cli.stop_signals import StopSignals
from cli.up.child import ChildSpec
from cli.up.supervisor import Supervisor


class Crew:
    """Runs processes until told to stop. One that dies is started again; the others go on."""

    def __init__(self, specs: Sequence[ChildSpec], console: Console, stop: StopSignals) -> None:
        self._specs = specs
        self._console = console
        self._stop = stop
        self._supervisor = Supervisor(console)
        self._told: dict[str, int] = {}

    def run(self) -> None:
        """Run them; return when all have ended."""
        try:
            for spec in self._specs:
                self._supervisor.start(spec)
            while not self._stop.count:
                self._tell_of_the_new()
                self._supervisor.step()
        finally:
            self._end()

    def _tell_of_the_new(self) -> None:
        running = self._supervisor.pids
        for name, pid in running.items():
            if self._told.get(name) != pid:
                self._console.event(f"{name} is process {pid}", logging.INFO)
        self._told = running

    def _end(self) -> None:
        self._console.event("stopping; what runs may finish", logging.INFO)
        self._supervisor.stop(at_once=lambda: self._stop.count > 1)
        self._console.event("stopped", logging.INFO)
