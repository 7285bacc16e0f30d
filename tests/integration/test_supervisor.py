"""The supervisor on real small processes: restarts, order of stopping, nothing left behind."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.console import Console
from cli.up import supervisor as supervisor_module
from cli.up.child import ChildSpec
from cli.up.data_lock import DataDirInUse, data_lock
from cli.up.supervisor import Supervisor, backoff_s

pytestmark = pytest.mark.integration

SLEEP = "import time; print('ready', flush=True); time.sleep(600)"
STUBBORN = "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN); " + SLEEP
WITH_CHILD = (
    "import subprocess, sys; p = subprocess.Popen([sys.executable, '-c', "
    + repr(STUBBORN)
    + "], stdout=subprocess.DEVNULL); print('child', p.pid, flush=True); p.wait()"
)


class Stage:
    """A supervisor and what it printed."""

    def __init__(self, directory: Path) -> None:
        self.state_file = directory / "up.json"
        self._out = io.StringIO()
        self.supervisor = Supervisor(Console(self._out, color=False), state_file=self.state_file)

    @property
    def text(self) -> str:
        return self._out.getvalue()

    def start(self, name: str, code: str, **fields: object) -> None:
        argv = [sys.executable, "-c", code]
        self.supervisor.start(ChildSpec(name, argv, **fields))  # type: ignore[arg-type]

    def until(self, condition: Callable[[], object], within_s: float = 60) -> None:
        deadline = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < deadline, self.text
            self.supervisor.step(0.02)


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    stage = Stage(tmp_path)
    yield stage
    stage.supervisor.stop(at_once=lambda: True)


def is_alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet is dead too."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def wait_dead(pid: int, within_s: float = 30) -> None:
    deadline = time.monotonic() + within_s
    while is_alive(pid):
        assert time.monotonic() < deadline, f"{pid} survived"
        time.sleep(0.01)


def test_backoff_doubles_from_half_a_second_to_ten() -> None:
    pauses = [backoff_s(deaths) for deaths in (1, 2, 3, 4, 5, 6, 7, 10_000)]
    assert pauses == [0.5, 1, 2, 4, 8, 10, 10, 10]


def test_lines_of_a_child_carry_its_name(stage: Stage) -> None:
    stage.start("one", "print('a'); print('b', end='')")
    stage.until(lambda: "b" in stage.text)
    assert "one        | a\none        | b\n" in stage.text


def test_line_without_an_end_is_shown_in_pieces(stage: Stage) -> None:
    stage.start("one", "import sys; sys.stdout.write('x' * 300_000); sys.stdout.flush(); " + SLEEP)
    stage.until(lambda: stage.text.count("x") > 100_000)


def test_child_that_dies_starts_again_and_a_line_says_so(stage: Stage) -> None:
    stage.start("one", SLEEP)
    stage.until(lambda: "ready" in stage.text)
    first = stage.supervisor.pids["one"]
    os.kill(first, signal.SIGKILL)
    stage.until(lambda: stage.supervisor.pids.get("one", first) != first)
    assert "one died (signal SIGKILL); it starts again in 0.5 s" in stage.text
    assert json.loads(stage.state_file.read_text()) == stage.supervisor.pids


def test_child_that_cannot_be_started_is_tried_again(stage: Stage) -> None:
    stage.supervisor.start(ChildSpec("one", ["/nowhere/at-all"]))
    stage.until(lambda: stage.supervisor.deaths("one") >= 2)
    assert "cannot be started" in stage.text


def test_crash_looping_names_the_child_and_its_last_words(stage: Stage) -> None:
    stage.start("good", SLEEP)
    stage.start("bad", "raise SystemExit('no such database')")
    stage.until(stage.supervisor.crash_looping)
    assert stage.supervisor.crash_looping() == "bad"
    assert stage.supervisor.tail("bad") == ["no such database"]


def test_backoff_starts_anew_after_a_healthy_life(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervisor_module, "HEALTHY_AFTER_S", 0.0)
    stage.start("one", "pass")
    stage.until(lambda: stage.supervisor.deaths("one") >= 3)
    assert stage.text.count("starts again in 0.5 s") == 3
    assert stage.supervisor.crash_looping() is None


def test_what_a_dead_child_started_dies_before_the_next_start(stage: Stage) -> None:
    stage.start("one", WITH_CHILD)
    stage.until(lambda: "child" in stage.text)
    grandchild = int(stage.text.split("child")[1].split()[0])
    os.kill(stage.supervisor.pids["one"], signal.SIGKILL)
    stage.until(lambda: stage.supervisor.deaths("one"))
    wait_dead(grandchild)


def test_stop_ends_lower_stages_first_and_removes_the_state_file(stage: Stage) -> None:
    say = "import signal, sys, time\ndef end(*_):\n    print('ended', flush=True)\n    sys.exit()\n"
    code = say + "signal.signal(signal.SIGTERM, end)\nprint('ready', flush=True)\ntime.sleep(600)"
    stage.start("redis", code, stage=2)
    stage.start("worker", code)
    stage.until(lambda: stage.text.count("ready") == 2)
    pids = stage.supervisor.pids.values()
    stage.supervisor.stop()
    assert stage.text.index("worker     | ended") < stage.text.index("redis      | ended")
    assert "starts again" not in stage.text
    assert not stage.state_file.exists()
    assert [pid for pid in pids if is_alive(pid)] == []


def test_stop_kills_what_does_not_end_in_its_grace_and_its_children(stage: Stage) -> None:
    stage.start("stubborn", STUBBORN, grace_s=0.2)
    stage.start("parent", WITH_CHILD, grace_s=0.2)
    stage.until(lambda: "ready" in stage.text and "child" in stage.text)
    grandchild = int(stage.text.split("child")[1].split()[0])
    stubborn = stage.supervisor.pids["stubborn"]
    stage.supervisor.stop()
    wait_dead(stubborn)
    wait_dead(grandchild)


def test_stop_at_once_does_not_wait_for_the_grace(stage: Stage) -> None:
    stage.start("stubborn", STUBBORN, grace_s=600)
    stage.until(lambda: "ready" in stage.text)
    pid = stage.supervisor.pids["stubborn"]
    stage.supervisor.stop(at_once=lambda: True)
    wait_dead(pid)


def test_children_are_out_of_reach_of_the_terminals_ctrl_c(stage: Stage) -> None:
    stage.start("one", SLEEP)
    assert os.getpgid(stage.supervisor.pids["one"]) != os.getpgrp()


def test_note_that_cannot_be_written_ends_nothing(stage: Stage) -> None:
    """As on a disk that is full."""
    stage.state_file.with_suffix(".tmp").mkdir()
    stage.start("one", SLEEP)
    stage.until(lambda: "ready" in stage.text)
    assert list(stage.supervisor.pids) == ["one"]


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from cli.up.child import ChildSpec\n"
        "from cli.console import Console; from cli.up.supervisor import Supervisor\n"
        "s = Supervisor(Console(), state_file=Path(sys.argv[1]))\n"
        f"s.start(ChildSpec('one', [sys.executable, '-c', {STUBBORN!r}]))\n"
        "while True: s.step()"
    )
    state = tmp_path / "up.json"
    argv = [sys.executable, "-c", code, str(state)]
    with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout is not None
        assert "ready" in parent.stdout.readline()
        pid = json.loads(state.read_text())["one"]
        parent.kill()
    wait_dead(pid)


def test_data_directory_is_refused_to_a_second_one_while_the_first_runs(tmp_path: Path) -> None:
    with (
        data_lock(tmp_path),
        pytest.raises(DataDirInUse, match=f"process {os.getpid()}"),
        data_lock(tmp_path),
    ):
        pass
    with data_lock(tmp_path):
        pass
