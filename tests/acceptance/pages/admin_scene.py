"""What the admin pages show in their tests: jobs and callbacks in every state."""

from __future__ import annotations

from dataclasses import dataclass

from tests.acceptance.api import Api, chat
from tests.acceptance.polling import until
from tests.acceptance.stack import Stack


@dataclass(frozen=True, slots=True)
class Scene:
    """Ids of jobs."""

    completed: int
    failed: int
    #: Waits for a provider that nobody can reach.
    queued: int
    #: Its receiver does not want callbacks.
    stopped: int
    #: Its receiver is busy: the callback is tried again later.
    pending: int


def admin_secret(stack: Stack) -> str:
    """Return the secret that the gateway made for its admin."""
    return (stack.directory / "auth_secret").read_text("utf-8").strip()


def admin_api(stack: Stack) -> Api:
    """Return a session of the admin."""
    return stack.api(admin_secret(stack))


def play(stack: Stack) -> Scene:
    """Make the jobs; return when the history has those that ended."""
    receiver = stack.receiver
    receiver.plan("/gone", 410)
    receiver.plan("/busy", *[503] * 100)
    with stack.api() as api:

        def queue(model: str, path: str = "", **fields: str) -> int:
            reply_to = {"replyTo": receiver.url(path)} if path else {}
            number: int = api.queue(chat(model), **reply_to, **fields)["id"]
            return number

        scene = Scene(
            completed=queue("demo-echo", "/answers", refId="order-4711", tag="shop"),
            failed=queue("refuses", "/answers", tag="bad"),
            queued=queue("far", tag="far"),
            stopped=queue("demo-echo", "/gone", tag="stopped"),
            pending=queue("demo-echo", "/busy", tag="busy"),
        )
        for job_id in (scene.completed, scene.failed, scene.stopped, scene.pending):
            api.until_ended(job_id)
            until(lambda: _is_in_history(api, job_id), "it is in the history")  # noqa: B023
        for job_id, state in ((scene.completed, "Delivered"), (scene.stopped, "Stopped")):
            until(lambda: _delivery(api, job_id) == state, f"callback is {state}")  # noqa: B023
        until(lambda: _delivery(api, scene.pending) == "Pending", "callback is Pending")
    return scene


def _is_in_history(api: Api, job_id: int) -> bool:
    rows = api.get("/api/QueryJobs", params={"take": 50}).json()["results"]
    return any(row["id"] == job_id and "cost" in row for row in rows)


def _delivery(api: Api, job_id: int) -> str | None:
    answer = api.get("/api/GetDelivery", params={"id": job_id})
    state: str | None = answer.json()["result"]["state"] if answer.ok else None
    return state
