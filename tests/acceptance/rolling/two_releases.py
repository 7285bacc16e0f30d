"""A ReplyTo whose processes are of two releases, and clients that use all its gateways."""

from __future__ import annotations

import random
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import requests

from cli.ports import free_port
from cli.up import processes, readiness
from shared.queues import names as task_names
from tests.acceptance.rolling import plan
from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import REDIS, Stack
from tests.support.factories import new_settings

#: What a chat worker logs of a call that went well.
_ANSWERED: Final = re.compile(r"job (\d+): attempt \d+ at \S+ answered")
#: What a worker of every model leaves to others.
_OTHERS: Final = (task_names.COMPLETION_QUEUE, task_names.CALLBACKS_QUEUE)


class TwoReleases(Stack):
    """Roles are named `chat-old`, `chat-new` and so on; Redis and the database are the same."""

    def __init__(self, directory: Path, old: Path, models: Sequence[str], **options: Any) -> None:
        """`old` is the tree of the other release; it runs with this one's libraries."""
        super().__init__(directory, demo_models=models, **options)
        self._old = old
        self.gateways = Gateways()
        self._ports = {plan.role(plan.GATEWAY, one): free_port() for one in (plan.OLD, plan.NEW)}
        for role in (*plan.of_release(plan.OLD), *plan.of_release(plan.NEW)):
            self.give(role, **self._variables(role))

    def api(self, key: str | None = "") -> Api:
        """Return a client that takes any of the gateways for each call."""
        return AnyGateway(self.gateways, self.api_key if key == "" else key)

    def step(self, step: plan.Step) -> None:
        """Start and stop; a gateway gets no new calls from before its end, as behind a balancer."""
        self.start(*step.start)
        self.wait_ready()
        self.take(*step.start)
        for role in step.stop:
            self.gateways.remove(role)
            assert self.stop(role) == 0, f"{role} ended with an error"

    def take(self, *roles: str) -> None:
        """Let clients use those of these that are gateways."""
        for role in roles:
            if role in self._ports:
                self.gateways.add(role, self._ports[role])

    def answered_by(self, release: str) -> set[int]:
        """Return the jobs that this release's chat workers have answered."""
        return set(map(int, _ANSWERED.findall(self.log(plan.role(plan.CHAT, release)))))

    def _variables(self, role: str) -> dict[str, str]:
        found = {"PYTHONPATH": str(self._old)} if plan.release_of(role) == plan.OLD else {}
        if role in self._ports:
            found["REPLYTO_PORT"] = str(self._ports[role])
        return found

    def _argv(self, role: str) -> list[str]:
        kind = plan.kind_of(role)
        if role == REDIS:
            return self.redis_setup.argvs[role]
        if kind == plan.GATEWAY:
            return processes.gateway()
        size, queue = self._work(kind)
        choice: Mapping[str, Any] = {"queues": [queue]} if queue else {"exclude": _OTHERS}
        argv = processes.worker(role, concurrency=size, **choice)
        if plan.release_of(role) == plan.NEW or (self._old / "workers" / "__main__.py").exists():
            return argv
        return [sys.executable, "-m", "celery", *argv[argv.index("workers") + 1 :]]

    def _work(self, kind: str) -> tuple[int, str]:
        settings = new_settings()
        return {
            plan.CHAT: (settings.chat_concurrency, ""),
            plan.COMPLETION: (processes.COMPLETION_CONCURRENCY, task_names.COMPLETION_QUEUE),
            plan.CALLBACKS: (settings.callback_concurrency, task_names.CALLBACKS_QUEUE),
        }[kind]

    def _cwd(self, role: str) -> Path:
        return self._old if plan.release_of(role) == plan.OLD else super()._cwd(role)

    def _is_ready(self) -> bool:
        dead = self.ended()
        assert not dead, f"{dead} ended"
        running = {r: p.pid for r, p in self._processes.items() if r != REDIS}
        workers = {r: pid for r, pid in running.items() if r not in self._ports}
        if readiness.workers_not_up(self.redis, workers):
            return False
        ports = [port for role, port in self._ports.items() if role in running]
        return all(readiness.gateway_is_up("127.0.0.1", port) for port in ports)


class Gateways:
    """Those that take calls at the moment, and which jobs each of them has accepted."""

    def __init__(self) -> None:
        self._urls: dict[str, str] = {}
        self.accepted: dict[str, set[int]] = {plan.OLD: set(), plan.NEW: set()}

    def add(self, role: str, port: int) -> None:
        """Let clients use it."""
        self._urls = {**self._urls, role: f"http://127.0.0.1:{port}"}

    def remove(self, role: str) -> None:
        """Let clients use it no more."""
        self._urls = {name: url for name, url in self._urls.items() if name != role}

    def any(self) -> tuple[str, str]:
        """Return one of them: its role and URL."""
        return random.choice(list(self._urls.items()))

    def note(self, role: str, response: requests.Response) -> None:
        """Note the job that an answer says was accepted."""
        if response.status_code == 200 and response.request.method == "POST":
            found = response.headers.get("x-job-id") or _queued_id(response)
            if found:
                self.accepted[plan.release_of(role)].add(int(found))


class AnyGateway(Api):
    """A client that goes to any gateway for each of its calls."""

    def __init__(self, gateways: Gateways, key: str | None) -> None:
        super().__init__("", key)
        self._gateways = gateways

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request to one of them."""
        role, base_url = self._gateways.any()
        response = super().request(method, base_url + str(url), **options)
        self._gateways.note(role, response)
        return response


def _queued_id(response: requests.Response) -> int:
    return int(response.json()["id"]) if "/api/Queue" in str(response.request.url) else 0
