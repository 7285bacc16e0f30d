"""A job as its callback tells it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Job:
    """A job that has ended."""

    #: The same for every attempt and replay of this result.
    webhook_id: str
    id: int
    #: Completed, Failed or Cancelled.
    state: str
    ref_id: str = ""
    tag: str = ""
    #: Number of the attempt at the callback, from 1.
    attempt: int = 1
    #: What was posted, parsed: the answer, the error, or a link to a large answer.
    body: dict[str, Any] = field(default_factory=dict)
    #: The query string of your URL.
    query: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_completed(self) -> bool:
        """Whether there is an answer."""
        return self.state == "Completed"

    @property
    def answer(self) -> dict[str, Any] | None:
        """The model's answer; None when the job failed, or when `result_url` leads to it."""
        return self.body if self.is_completed and self.result_url is None else None

    @property
    def result_url(self) -> str | None:
        """Where a large answer is fetched, with GET and without a key."""
        url = self.body.get("resultUrl")
        return url if isinstance(url, str) else None

    @property
    def error(self) -> dict[str, Any] | None:
        """Why there is no answer: `message`, `type`, `code`."""
        told = self.body.get("error")
        return told if isinstance(told, dict) and not self.is_completed else None

    @property
    def text(self) -> str | None:
        """What the model said, of a chat."""
        choices = (self.answer or {}).get("choices")
        if not (isinstance(choices, list) and choices and isinstance(choices[0], dict)):
            return None
        message = choices[0].get("message")
        content = message.get("content") if isinstance(message, dict) else None
        return content if isinstance(content, str) else None


def read_job(
    webhook_id: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, str]
) -> Job:
    """Return the job of a callback that was verified. Raises ValueError for a body of others."""
    given = {name.lower(): value for name, value in headers.items()}
    told = json.loads(body)
    if not isinstance(told, dict):
        raise ValueError("the body is no JSON object")  # noqa: TRY004 - as of one that is no JSON
    return Job(
        webhook_id=webhook_id,
        id=_number(given.get("x-job-id"), 0),
        state=given.get("x-job-state", ""),
        ref_id=given.get("x-ref-id", ""),
        tag=given.get("x-tag", ""),
        attempt=_number(given.get("x-attempt"), 1),
        body=told,
        query=dict(query),
    )


def _number(text: str | None, default: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else default
