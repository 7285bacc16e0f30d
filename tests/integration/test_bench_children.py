"""A benchmark that is interrupted, once or again and again, leaves no process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.acceptance.system.polling import until

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
#: Children that take their time to end, and say when they were asked to.
STUBBORN = """
import signal, sys, time
from pathlib import Path
signal.signal(signal.SIGTERM, lambda *_: Path(sys.argv[1] + ".asked").touch())
Path(sys.argv[1] + ".runs").touch()
while True:
    time.sleep(600)
"""
BENCH = """
import subprocess, sys, time
from pathlib import Path
from bench.load import children
from bench.load.interrupts import end_on_signals

children._STOP_S = 1.0
folder = Path(sys.argv[1])
end_on_signals()
{before}
with children.Children(folder, {{}}) as running:
    for name in ("first", "second", "third"):
        child = running.start(name, [sys.executable, "-c", {stubborn!r}, str(folder / name)])
        print(child.pid, flush=True)
    time.sleep(600)
"""
#: A signal that comes the moment a child runs, before anybody knows of it.
AT_THE_START = """
import os, signal
class Popen(subprocess.Popen):
    def __init__(self, *args, **options):
        super().__init__(*args, **options)
        print(self.pid, flush=True)
        os.kill(os.getpid(), signal.SIGINT)
children.subprocess.Popen = Popen
"""


def bench(folder: Path, before: str = "") -> subprocess.Popen[str]:
    code = BENCH.format(before=before, stubborn=STUBBORN)
    command = [sys.executable, "-c", code, str(folder)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def is_alive(pid: int) -> bool:
    """A zombie that nobody has reaped yet is dead too."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("utf-8")
    except FileNotFoundError:
        return False
    return stat.rsplit(")", 1)[1].split()[0] != "Z"


def assert_dead(pids: list[int]) -> None:
    left = [pid for pid in pids if is_alive(pid)]
    for pid in left:
        os.kill(pid, signal.SIGKILL)
    assert left == []


@pytest.mark.parametrize("signum", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_all_children_end_however_often_the_signal_comes(
    tmp_path: Path, signum: signal.Signals
) -> None:
    names = ("first", "second", "third")
    with bench(tmp_path) as process:
        assert process.stdout is not None
        pids = [int(process.stdout.readline()) for _ in names]
        until(lambda: all((tmp_path / f"{name}.runs").exists() for name in names), "all run")
        process.send_signal(signum)
        # The youngest goes first, and each takes its time: signals come while they are ended.
        for name in reversed(names):
            asked = tmp_path / f"{name}.asked"
            until(lambda: asked.exists() or process.poll() is not None, f"{name} is asked to end")  # noqa: B023
            process.send_signal(signum)
        assert process.wait(60) != 0
    assert_dead(pids)


def test_child_ends_whose_start_was_interrupted(tmp_path: Path) -> None:
    with bench(tmp_path, AT_THE_START) as process:
        assert process.stdout is not None
        pid = int(process.stdout.readline())
        assert process.wait(60) != 0
    assert_dead([pid])
