"""What the admin pages show in their tests: jobs and callbacks in every state."""

from __future__ import annotations

import json
import uuid
from dataclasses import dataclass
from typing import Any

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack


def admin_secret(stack: Stack) -> str:
    """Return the secret that the gateway made for its admin."""
    return (stack.directory / "auth_secret").read_text("utf-8").strip()


def admin_api(stack: Stack) -> Api:
    """Return a session of the admin."""
    return stack.api(admin_secret(stack))


def new_key(stack: Stack, **fields: Any) -> str:
    """Issue an API key, of a new user unless one is named; return its secret."""
    with admin_api(stack) as api:
        return str(issue_key(api, **fields)["key"])


def issue_key(admin: Api, **fields: Any) -> dict[str, Any]:
    """Issue an API key, of a new user unless one is named; return all that is known of it."""
    name = f"user-{uuid.uuid4().hex[:8]}"
    answer = admin.post("/api/CreateApiKey", json={"name": name, "userId": name, **fields})
    assert answer.ok, answer.text
    row: dict[str, Any] = answer.json()
    return row


class Maker:
    """Makes jobs that bear a tag of their own, so that no other test's are in the way."""

    def __init__(self, stack: Stack) -> None:
        self.tag = f"tag-{uuid.uuid4().hex[:8]}"
        self.api = stack.api()
        self._receiver = stack.receiver

    def __enter__(self) -> Maker:
        return self

    def __exit__(self, *exc: object) -> None:
        self.api.close()

    @property
    def path(self) -> str:
        """The path of the receiver of this maker's callbacks."""
        return f"/{self.tag}"

    def job(self, model: str = "demo-echo", text: str = "Say hello", **fields: str) -> int:
        """Queue a job; return its id."""
        request = chat(model, f"{text} {self.tag}")
        number: int = self.api.queue(request, **{"tag": self.tag, **fields})["id"]
        return number

    def ended(self, model: str = "demo-echo", **fields: str) -> int:
        """Return the id of a job that has ended and is in the history."""
        job_id = self.job(model, **fields)
        self.api.until_ended(job_id)
        until(lambda: self._is_in_history(job_id), "it is in the history")
        return job_id

    def batch(self) -> dict[str, Any]:
        """Upload a file of one line and begin its batch; return it."""
        line = {"custom_id": "c1", "method": "POST", "url": "/v1/chat/completions"}
        text = json.dumps({**line, "body": chat("demo-echo", f"Say hello {self.tag}")})
        files = {"file": ("in.jsonl", text.encode())}
        file = self.api.post("/v1/files", data={"purpose": "batch"}, files=files).json()
        asked = {"input_file_id": file["id"], "endpoint": line["url"]}
        batch: dict[str, Any] = self.api.post("/v1/batches", json=asked).json()
        return batch

    def schedule(self, name: str) -> dict[str, Any]:
        """Make a schedule of this name; return it."""
        asked = {"name": name, "cron": "@yearly", "request": chat("demo-echo", "Say hello")}
        schedule: dict[str, Any] = self.api.post("/api/CreateSchedule", json=asked).json()
        return schedule

    def called_back(self, state: str, *answers: int, path: str = "", **fields: str) -> int:
        """Return the id of a job whose callback, answered like this, came into this state."""
        target = path or self.path
        self._receiver.plan(target, *answers)
        job_id = self.ended(replyTo=self._receiver.url(target), **fields)
        until(lambda: self._delivery(job_id) == state, f"callback is {state}")
        return job_id

    def _is_in_history(self, job_id: int) -> bool:
        rows = self.api.get("/api/QueryJobs", params={"take": 50}).json()["results"]
        return any(row["id"] == job_id and row["isKept"] for row in rows)

    def _delivery(self, job_id: int) -> str | None:
        answer = self.api.get("/api/GetDelivery", params={"id": job_id})
        state: str | None = answer.json()["result"]["state"] if answer.ok else None
        return state


@dataclass(frozen=True, slots=True)
class Scene:
    """Ids of jobs."""

    completed: int
    failed: int
    #: Waits for a provider that nobody can reach.
    queued: int
    #: Its receiver does not want callbacks.
    stopped: int
    #: Its receiver failed too often.
    exhausted: int
    #: Its receiver is overloaded: the callback is tried again much later.
    pending: int


def play(stack: Stack) -> Scene:
    """Make the jobs; return when the history has those that ended."""
    with Maker(stack) as maker:
        maker.batch()
        maker.schedule(f"schedule {maker.tag}")
        maker.job("demo-echo", groupId=f"group {maker.tag}")
        return Scene(
            completed=maker.called_back("Delivered", path="/answers", refId="order-4711"),
            failed=maker.ended("refuses"),
            queued=maker.job("far"),
            stopped=maker.called_back("Stopped", 410, path="/gone"),
            exhausted=maker.called_back("Exhausted", 500, 500, path="/broken"),
            pending=maker.called_back("Pending", *[503] * 100, path="/busy"),
        )
