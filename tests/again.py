"""Lets the few tests that failed run once again, each alone: `pytest -p tests.again`.

A busy machine can make one test of thousands fail; that shall not throw the other results away.
What fails again stays failed. What passes now is named in the last lines, for somebody to mend,
and counts as `rerun`. Where anything but some tests failed there is no second try: a file that
cannot be collected, a worker that died (what it had to run may not have run), an early end.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator
from typing import Final

import pytest

#: Most failed tests that may be called chance: more than these are the code's fault.
MOST: Final = 10
#: How long one test may take the second time, with the processes that it starts (seconds).
_LIMIT_S: Final = 900.0


def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Again(config), "again")


class Again:
    """Collects the failed tests of a whole run, and decides about them at its end."""

    def __init__(self, config: pytest.Config) -> None:
        self._root = config.rootpath
        self._failed: dict[str, list[pytest.TestReport]] = {}
        self._passed_again: dict[str, list[pytest.TestReport]] = {}
        self._worker_died = False

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._failed.setdefault(report.nodeid, []).append(report)

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, error: object) -> None:
        self._worker_died = self._worker_died or bool(error)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        finished = yield
        if self._may_be_chance(session):
            for name, reports in self._failed.items():
                if self._passes_alone(name):
                    self._passed_again[name] = reports
            self._forgive(session)
        return finished

    def _may_be_chance(self, session: pytest.Session) -> bool:
        """Only some tests failed, and nothing else."""
        known = sum(len(reports) for reports in self._failed.values())
        return not self._worker_died and known == session.testsfailed and len(self._failed) <= MOST

    def _passes_alone(self, name: str) -> bool:
        command = [sys.executable, "-m", "pytest", name, "-n", "0", "-p", "no:cacheprovider"]
        try:
            done = subprocess.run(
                command, cwd=self._root, capture_output=True, timeout=_LIMIT_S, check=False
            )
        except subprocess.TimeoutExpired:
            return False
        return done.returncode == pytest.ExitCode.OK

    def _forgive(self, session: pytest.Session) -> None:
        """Count what passed alone as `rerun`, as pytest-rerunfailures does."""
        forgiven = [report for reports in self._passed_again.values() for report in reports]
        session.testsfailed -= len(forgiven)
        stats = session.config.pluginmanager.getplugin("terminalreporter").stats
        for outcome in ("failed", "error"):
            left = [report for report in stats.pop(outcome, []) if report not in forgiven]
            if left:
                stats[outcome] = left
        if forgiven:
            stats["rerun"] = forgiven

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_terminal_summary(
        self, terminalreporter: pytest.TerminalReporter
    ) -> Generator[None, None, None]:
        yield
        if self._passed_again:
            terminalreporter.section("passed only when run again")
        for reports in self._passed_again.values():
            for report in reports:
                terminalreporter.write_line(report.longreprtext)
        for name in self._passed_again:
            terminalreporter.write_line(f"passed only when run again: {name}")
