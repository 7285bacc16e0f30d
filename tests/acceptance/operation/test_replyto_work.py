"""`replyto work` on real processes: who dies comes back, who is told to stop finishes first."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from signal import SIGHUP, SIGKILL, SIGTERM

import pytest

from cli.up import readiness
from tests.acceptance.system.api import chat
from tests.acceptance.system.memory import family
from tests.acceptance.system.polling import PATIENCE_S, until
from tests.acceptance.system.stack import REDIS, Stack

WORK = "work"
QUICK, SLOW = "demo-instant", "demo-slow-3s"


class Machine(Stack):
    """A stack whose workers are run by `replyto work`."""

    #: What stands behind `replyto work`.
    words: tuple[str, ...] = ()

    def workers(self) -> dict[str, int]:
        """Return the process id of each child that was told of last, by its name."""
        told = re.findall(r" INFO work\[\d+\] (\S+) is process (\d+)", self.log(WORK))
        return {name: int(pid) for name, pid in told}

    def until_heard(self, *names: str) -> None:
        """Return when all these workers are in the book, with the process ids that were told."""

        def look() -> bool:
            pids = {name: pid for name, pid in self.workers().items() if name in names}
            return pids.keys() >= {*names} and not readiness.workers_not_up(self.redis, pids)

        until(look, f"{names} are heard")

    def answers(self) -> bool:
        """Whether the gateway does."""
        return readiness.gateway_is_up("127.0.0.1", self._port)

    def tell(self, signum: int) -> None:
        """Send a signal to the supervisor alone."""
        os.kill(self.pid(WORK), signum)

    def wait_ended(self) -> int:
        """Return the supervisor's exit status."""
        return self._processes[WORK].wait(PATIENCE_S)

    def _argv(self, role: str) -> list[str]:
        if role == WORK:
            return [sys.executable, "-P", "-m", "cli.main", "work", *self.words]
        return super()._argv(role)

    def _is_ready(self) -> bool:
        assert not self.ended(), self.logs()
        return True


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    machine = Machine(tmp_path / "machine", demo_models=(QUICK, SLOW))
    yield machine
    machine.close()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_work_runs_all_workers_and_the_gateway_and_brings_back_whom_somebody_kills(
    machine: Machine,
) -> None:
    machine.words = ("--gateway",)
    machine.open(REDIS, WORK)
    machine.until_heard("chat1", "completion", "callbacks")
    before = machine.workers()
    assert before.keys() == {"gateway", "chat1", "completion", "callbacks"}
    until(machine.answers, "the gateway answers")
    with machine.api() as api:
        api.queue(chat(QUICK), replyTo=machine.receiver.url("/first"))
        machine.receiver.wait_for("/first")

        for name in ("chat1", "completion", "callbacks"):
            os.kill(before[name], SIGKILL)
            until(lambda name=name: machine.workers()[name] != before[name], f"{name} is back")  # type: ignore[misc]
        machine.tell(SIGHUP)
        machine.until_heard("chat1", "completion", "callbacks")
        api.queue(chat(QUICK), replyTo=machine.receiver.url("/second"))
        machine.receiver.wait_for("/second")
    assert machine.workers()["gateway"] == before["gateway"]
    assert "chat1 died (signal SIGKILL); it starts again in 0.5 s" in machine.log(WORK)


def test_work_finishes_what_runs_and_calls_back_when_it_is_told_to_stop(machine: Machine) -> None:
    machine.words = ("--gateway", "--processes", "2", "--name", "gpu")
    machine.open(REDIS, WORK)
    names = ("gpu-chat1", "gpu-chat2", "gpu-completion", "gpu-callbacks")
    machine.until_heard(*names)
    until(machine.answers, "the gateway answers")
    with machine.api() as api:
        api.queue(chat(SLOW), replyTo=machine.receiver.url("/hook"))
        until(lambda: machine.llm_calls("Say hello"), "the LLM has it")
    children = set(family(machine.pid(WORK)))
    machine.tell(SIGTERM)
    assert machine.wait_ended() == 0
    assert len(machine.receiver.received("/hook")) == 1
    assert all(is_gone(pid) for pid in children)
    assert machine.log(WORK).splitlines()[-1].endswith(" stopped")
    assert len(machine.llm_calls("Say hello")) == 1


def test_work_ends_its_workers_in_peace_when_it_is_killed_itself(machine: Machine) -> None:
    machine.words = ("chat", "--model", SLOW)
    machine.open(REDIS, WORK)
    machine.until_heard("chat1")
    children = set(machine.workers().values())
    assert len(children) == 1
    machine.tell(SIGKILL)
    until(lambda: all(is_gone(pid) for pid in children), "its workers have ended")


def test_work_writes_every_line_in_the_one_form(machine: Machine) -> None:
    machine.open(REDIS)
    machine.give(WORK, REPLYTO_LOG_FORMAT="json")
    machine.start(WORK)
    for name in ("chat1@", "callbacks@"):
        until(lambda name=name: name in machine.log(WORK), f"{name} writes")  # type: ignore[misc]
    machine.tell(SIGTERM)
    assert machine.wait_ended() == 0
    rows = [json.loads(line) for line in machine.log(WORK).splitlines()]
    assert {row["process"].partition("@")[0] for row in rows} >= {"work", "chat1", "callbacks"}


@pytest.mark.parametrize(
    ("words", "told"),
    [
        pytest.param(("--model", "demo-instand"), "did you mean 'demo-instant'?", id="model"),
        pytest.param(("chats",), "'chats' is not one of", id="kind"),
        pytest.param(("--name", "a@b"), "--name", id="name"),
        pytest.param(("--processes", "0"), "--processes", id="processes"),
        pytest.param(("completion", "--model", QUICK), "--model is for chat workers", id="unused"),
    ],
)
def test_work_says_in_one_line_what_no_restart_would_mend(
    machine: Machine, words: tuple[str, ...], told: str
) -> None:
    machine.open(REDIS)
    machine.words = words
    machine.start(WORK)
    assert machine.wait_ended() in {1, 2}
    assert told in machine.log(WORK)
    assert "Traceback" not in machine.log(WORK)


def test_work_refuses_other_secrets_than_the_others_have(machine: Machine) -> None:
    machine.open(REDIS, "chat1")
    machine.give(WORK, REPLYTO_CALLBACK_SECRET="whsec_" + "QUJD" * 11)
    until(lambda: machine.redis.exists("machines:identity"), "the first has left its fingerprints")
    machine.start(WORK)
    assert machine.wait_ended() == 1
    assert "callback secret" in machine.log(WORK).lower()
