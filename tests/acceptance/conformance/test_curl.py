"""Plain `curl -N`: what a shell script sees."""

from __future__ import annotations

import json
import subprocess
from typing import Any

import pytest

from tests.acceptance.conformance.answers import TEXT
from tests.acceptance.conformance.questions import messages
from tests.acceptance.system.stack import Stack


def curl(stack: Stack, path: str, *options: str) -> str:
    """Return what curl prints."""
    done = subprocess.run(
        [
            *["curl", "--no-progress-meter", "-N", "--max-time", "60"],
            *["-H", f"Authorization: Bearer {stack.api_key}", *options, stack.url + path],
        ],
        capture_output=True,
        text=True,
        check=True,
        timeout=70,
    )
    return done.stdout


def chat(**fields: Any) -> list[str]:
    return ["--json", json.dumps({"model": "conf-text", "messages": messages(), **fields})]


def datas(text: str) -> list[str]:
    return [line.removeprefix("data: ") for line in text.splitlines() if line[:6] == "data: "]


def said(chunks: list[str]) -> str:
    deltas = [json.loads(chunk)["choices"][0]["delta"] for chunk in chunks]
    return "".join(delta.get("content") or "" for delta in deltas)


def test_answer_is_one_object(stack: Stack) -> None:
    answer = json.loads(curl(stack, "/v1/chat/completions", *chat()))
    assert answer["choices"][0]["message"]["content"] == TEXT


def test_stream_is_lines_of_data(stack: Stack) -> None:
    *chunks, done = datas(curl(stack, "/v1/chat/completions", *chat(stream=True)))
    assert said(chunks) == TEXT
    assert done == "[DONE]"


def test_stream_goes_on_behind_an_event(stack: Stack, marker: str) -> None:
    text = curl(stack, "/v1/chat/completions", *chat(stream=True, refId=marker))
    ids = [line.removeprefix("id: ") for line in text.splitlines() if line[:4] == "id: "]
    path = f"/api/StreamOpenAiChat?RefId={marker}"
    assert curl(stack, path) == text
    rest = datas(curl(stack, path, "-H", f"Last-Event-ID: {ids[2]}"))
    assert rest == datas(text)[3:]


@pytest.mark.parametrize("stream", [True, False])
def test_error_is_a_status_with_both_wires_bodies(stack: Stack, stream: bool) -> None:
    shown = curl(
        stack,
        "/v1/chat/completions",
        *["-w", "\n%{http_code} %{content_type}"],
        *chat(model="no-such", stream=stream),
    )
    body, _, status = shown.rpartition("\n")
    assert status == "404 application/json"
    assert json.loads(body)["error"]["code"] == "model_not_found"
    assert json.loads(body)["responseStatus"]["errorCode"] == "NotFound"
