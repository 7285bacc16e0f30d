"""Clients: a steady, bounded load of jobs, and all that the clients were told about them.

A client that gets no answer, or a 5xx that is not its job's end, sends the same request with the
same RefId again until it knows. After some 429 it takes no for an answer.
"""

from __future__ import annotations

import itertools
import random
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import requests

from tests.acceptance.chaos.ledgers import Kind, Response, Told, marker_of
from tests.acceptance.chaos.recorders import RecordingReceiver
from tests.acceptance.system.api import FINAL, Api, chat

#: The model that one small worker serves: bursts fill its queue.
CROWDED = "demo-slow-500ms"
#: How often each model is asked for, out of 100.
USUAL = {"demo-instant": 40, "demo-slow-300ms": 20, "demo-slow-1s": 14, "demo-slow-3s": 16}
RECOVERING = {"demo-instant-flaky-1": 3}
FAILING = {
    "demo-instant-fail-500": 2,
    "demo-instant-fail-400": 1,
    "demo-hang": 1,
    "demo-reset": 2,
    "demo-garbage": 1,
}
MODELS = {**USUAL, **RECOVERING, **FAILING}
_KINDS = {Kind.QUEUED: 35, Kind.CALLBACK: 45, Kind.SYNC: 20}

_SYNC_PATH = "/v1/chat/completions"
_QUEUE_PATH = "/api/QueueOpenAiChatCompletion"
#: Clients that have a call open at once, at most; more are not begun.
_CLIENTS = 160
#: The share of queued jobs whose clients cancel them at once.
_CANCELLED = 0.04
#: Jobs of a burst, and the time between two (seconds).
_BURST = 70
_BURST_EVERY_S = 20.0
#: How long a client waits for an answer: when queuing or asking, and when waiting (seconds).
_TIMEOUT_S = 8.0
_SYNC_TIMEOUT_S = 20.0
#: How often a client takes a 429 before it gives its request up; its pauses between tries, which
#: grow: clients that hammer at a gateway that starts take the CPU it starts with (seconds).
_REFUSALS = 3
_FIRST_PAUSE_S = 0.25
_LONGEST_PAUSE_S = 1.5
_POLLERS = 2
#: First and longest pause between two looks at one job (seconds).
_LOOK_S = (0.4, 3.0)


@dataclass(slots=True)
class _Job:
    """A job on its client's way."""

    told: Told
    body: dict[str, Any]
    path: str
    timeout_s: float
    #: The client asks twice although it knows already.
    repeats: bool
    next_look: float = 0.0
    pause_s: float = _LOOK_S[0]


class Load:
    """The clients of a run. `told`, `failures` and `accepts` are what they noted."""

    def __init__(
        self,
        new_api: Callable[[], Api],
        receiver: RecordingReceiver,
        *,
        seed: int,
        rate: float,
    ) -> None:
        self.told: list[Told] = []
        self.failures: list[Response] = []
        self.accepts: list[float] = []
        #: Jobs not begun because too many clients were waiting.
        self.skipped = 0
        self._rng = random.Random(seed)
        self._numbers = itertools.count()
        self._rate = rate
        self._receiver = receiver
        self._new_api = new_api
        self._local = threading.local()
        self._free = threading.Semaphore(_CLIENTS)
        self._lock = threading.Lock()
        self._open: dict[str, _Job] = {}
        self._unknown = 0
        self._end = threading.Event()
        self._clients = ThreadPoolExecutor(_CLIENTS, "client")
        self._pollers = [
            threading.Thread(target=self._poll, args=(n,), daemon=True) for n in range(_POLLERS)
        ]

    # --- its life -----------------------------------------------------------------------------

    def run(self, duration_s: float, stop: threading.Event) -> None:
        """Send jobs at the rate, and a burst now and then, until the time is over."""
        for poller in self._pollers:
            poller.start()
        begun = time.monotonic()
        sent, bursts = 0, 0
        while (passed_s := time.monotonic() - begun) < duration_s and not stop.is_set():
            for _ in range(int(passed_s * self._rate) - sent):
                self._send(self._usual())
                sent += 1
            if passed_s > _BURST_EVERY_S * (bursts + 0.25):
                bursts += 1
                for _ in range(_BURST):
                    self._send(self._crowding())
            stop.wait(0.02)

    def pending(self) -> int:
        """Return how many jobs are not final, or their clients do not know whether they are."""
        with self._lock:
            return len(self._open) + self._unknown

    def close(self) -> None:
        """Let every client give up."""
        self._end.set()
        self._clients.shutdown(wait=True, cancel_futures=True)
        for poller in self._pollers:
            if poller.is_alive():
                poller.join()

    def read_again(self) -> None:
        """Read every accepted job once more, as it is at the very end."""
        with ThreadPoolExecutor(6) as threads:
            list(threads.map(self._read_at_last, [told for told in self.told if told.ids]))

    # --- what is asked ------------------------------------------------------------------------

    def _usual(self) -> _Job:
        model = self._rng.choices(list(MODELS), list(MODELS.values()))[0]
        kind = self._rng.choices(list(_KINDS), list(_KINDS.values()))[0]
        return self._job(kind, model)

    def _crowding(self) -> _Job:
        return self._job(self._rng.choice((Kind.QUEUED, Kind.CALLBACK)), CROWDED)

    def _job(self, kind: Kind, model: str) -> _Job:
        marker = marker_of(next(self._numbers))
        told = Told(marker, kind, model, time.time(), may_fail=model in FAILING)
        told.cancels = kind is not Kind.SYNC and self._rng.random() < _CANCELLED
        request = chat(model, f"<{marker}>")
        fields: dict[str, Any] = {"refId": marker}
        if told.wants_callback:
            slow = self._rng.random() < 0.3
            delay_ms = self._rng.randint(300, 2500) if slow else 0
            fails = self._rng.random() < 0.05
            fields["replyTo"] = self._receiver.url(marker, delay_ms=delay_ms, fail_once=fails)
        repeats = self._rng.random() < 0.1
        if kind is Kind.SYNC:
            return _Job(told, {**request, **fields}, _SYNC_PATH, _SYNC_TIMEOUT_S, repeats)
        return _Job(told, {"request": request, **fields}, _QUEUE_PATH, _TIMEOUT_S, repeats)

    # --- a client -----------------------------------------------------------------------------

    def _send(self, job: _Job) -> None:
        if not self._free.acquire(blocking=False):
            self.skipped += 1
            return
        self.told.append(job.told)
        with self._lock:
            self._unknown += 1
        self._clients.submit(self._client, job)

    def _client(self, job: _Job) -> None:
        try:
            self._until_known(job)
            if job.told.cancels and job.told.ids:
                wanted = {"id": job.told.ids[0]}
                self._call("POST", "/api/CancelJob", _TIMEOUT_S, json=wanted)
            if job.repeats and job.told.ids:
                response = self._post(job)
                if response is not None and _job_id(response):
                    self._learn(job, response)
        finally:
            self._free.release()
            with self._lock:
                self._unknown -= 1
                if job.told.ids:
                    self._open[job.told.marker] = job

    def _until_known(self, job: _Job) -> None:
        refusals, pause_s = 0, _FIRST_PAUSE_S
        while not self._end.is_set():
            response = self._post(job)
            if response is None or (response.status_code >= 500 and not _job_id(response)):
                self._end.wait(random.uniform(0.5, 1.5) * pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)
                continue
            if _job_id(response):
                self._learn(job, response)
                return
            refusals += 1
            if response.status_code != 429 or refusals == _REFUSALS:
                job.told.refused = _code(response)
                return
            asked_s = float(response.headers.get("Retry-After", 1))
            self._end.wait(min(asked_s, _LONGEST_PAUSE_S))
        job.told.gave_up = True

    def _post(self, job: _Job) -> requests.Response | None:
        return self._call("POST", job.path, job.timeout_s, json=job.body)

    def _learn(self, job: _Job, response: requests.Response) -> None:
        told = job.told
        told.ids.append(_job_id(response))
        if told.accepted_at is None:
            told.accepted_at = time.time()
            self.accepts.append(told.accepted_at)
        if told.kind is Kind.SYNC:
            told.answers.append((response.status_code, response.content))

    def _call(
        self, method: str, path: str, timeout_s: float, **options: Any
    ) -> requests.Response | None:
        """Return the answer, None when there was none; note what was no answer for the job."""
        begun = time.time()
        try:
            response = self._api.request(method, path, timeout=timeout_s, **options)
        except requests.RequestException as exc:
            self._fail(begun, path, 0, type(exc).__name__)
            return None
        if response.status_code >= 400 and not _job_id(response):
            self._fail(begun, path, response.status_code, _code(response))
        return response

    def _fail(self, begun: float, path: str, status: int, code: str) -> None:
        now = time.time()
        waited = path == _SYNC_PATH
        self.failures.append(Response(now, now - begun, status, code, waited))

    @property
    def _api(self) -> Api:
        if not hasattr(self._local, "api"):
            self._local.api = self._new_api()
        api: Api = self._local.api
        return api

    # --- following ----------------------------------------------------------------------------

    def _poll(self, number: int) -> None:
        """Look at the open jobs that are this poller's share, until the end."""
        while not self._end.wait(0.1):
            now = time.monotonic()
            with self._lock:
                due = [
                    job
                    for job in self._open.values()
                    if job.next_look <= now and job.told.ids[0] % _POLLERS == number
                ]
            for job in due:
                if self._read(job.told):
                    with self._lock:
                        del self._open[job.told.marker]
                job.next_look = time.monotonic() + job.pause_s
                job.pause_s = min(job.pause_s * 1.5, _LOOK_S[1])
                if self._end.is_set():
                    return

    def _read(self, told: Told) -> bool:
        """Read the job; note it and return True if it is final."""
        response = self._call("GET", "/api/GetOpenAiChat", _TIMEOUT_S, params={"id": told.ids[0]})
        if response is None or response.status_code != 200:
            return False
        row = response.json()["result"]
        if row["state"] not in FINAL:
            return False
        error = row.get("error") or {}
        text = row.get("responseBody") or error.get("message") or ""
        told.completed_at = datetime.fromisoformat(row["completedDate"]).timestamp()
        told.attempts = row.get("attempts", 0)
        told.readings.append((row["state"], text.encode()))
        return True

    def _read_at_last(self, told: Told) -> None:
        for _ in range(5):
            if self._read(told):
                return
            time.sleep(0.2)


def _job_id(response: requests.Response) -> int:
    """Return the id of the job that the answer is about, 0 when it is about none."""
    if found := response.headers.get("x-job-id"):
        return int(found)
    if response.status_code != 200 or "QueueOpenAiChat" not in str(response.request.url):
        return 0
    return int(response.json()["id"])


def _code(response: requests.Response) -> str:
    try:
        return str(response.json()["error"]["code"])
    except (ValueError, KeyError, TypeError):
        return f"no error body: {response.text[:80]}"


def callbacks_due(told: Iterable[Told]) -> set[str]:
    """Return the markers of accepted jobs that have a ReplyTo."""
    return {job.marker for job in told if job.ids and job.wants_callback}
