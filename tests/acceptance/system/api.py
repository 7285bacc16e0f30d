"""A session at the gateway: requests' own, with the base URL, the key and a time limit."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from tests.acceptance.system.polling import PATIENCE_S, until

#: Longest wait for an answer (seconds).
_TIMEOUT_S = PATIENCE_S
FINAL = ("Completed", "Failed", "Cancelled")


def chat(model: str, text: str = "Say hello", **fields: Any) -> dict[str, Any]:
    """Return a chat request."""
    return {"model": model, "messages": [{"role": "user", "content": text}], **fields}


#: A call of each kind that can be queued: where to POST, and what.
QUEUED_CALLS = [
    pytest.param("/api/QueueOpenAiChatCompletion", {"request": chat("demo-instant")}, id="chat"),
    pytest.param("/api/QueueTextToImage", {"positivePrompt": "a cat"}, id="picture"),
    pytest.param("/api/QueueTextToSpeech", {"input": "hello"}, id="speech"),
    pytest.param(
        "/v1/responses",
        {"model": "demo-instant", "input": "x", "background": True},
        id="response in the background",
    ),
]


class Api(requests.Session):
    """Calls of one client. Paths that begin with a slash are the gateway's."""

    def __init__(self, base_url: str, key: str | None) -> None:
        super().__init__()
        self.trust_env = False
        self.base_url = base_url
        if key is not None:
            self.headers["Authorization"] = f"Bearer {key}"

    def request(self, method: str | bytes, url: str | bytes, **options: Any) -> requests.Response:  # type: ignore[override]
        """Send a request to the gateway."""
        options.setdefault("timeout", _TIMEOUT_S)
        return super().request(method, self.base_url + str(url), **options)  # type: ignore[arg-type]

    def queue(self, request: dict[str, Any], **fields: Any) -> dict[str, Any]:
        """Queue a chat; return the gateway's answer."""
        response = self.post("/api/QueueOpenAiChatCompletion", json={"request": request, **fields})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def status(self, job_id: int) -> dict[str, Any]:
        """Ask where a job stands."""
        response = self.get("/api/GetOpenAiChatStatus", params={"jobId": job_id})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    def job(self, job_id: int) -> dict[str, Any]:
        """Read all that is known of a job."""
        response = self.get("/api/GetOpenAiChat", params={"id": job_id})
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()["result"]
        return answer

    def until_state(
        self, job_id: int, *states: str, within_s: float = PATIENCE_S
    ) -> dict[str, Any]:
        """Return the job's status as soon as it is in one of these states."""

        def look() -> dict[str, Any] | None:
            status = self.status(job_id)
            return status if status["jobState"] in states else None

        return until(look, f"job {job_id} is {' or '.join(states)}", within_s=within_s)

    def until_ended(self, job_id: int, *, within_s: float = PATIENCE_S) -> dict[str, Any]:
        """Return the job's status as soon as it is final."""
        return self.until_state(job_id, *FINAL, within_s=within_s)
