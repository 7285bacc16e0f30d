"""A batch whose processes are killed one after another: each line is answered once.

Takes minutes, so only `make test-files` runs it.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from openai import APIError, OpenAI

from tests.acceptance.system.stack import CHAT, COMPLETION, GATEWAY, Stack

pytestmark = pytest.mark.skipif(
    not os.environ.get("REPLYTO_TEST_LARGE_FILES"), reason="`make test-files` runs this"
)

LINES = 3000
#: Who is killed when so many lines are answered.
KILLS = [(300, COMPLETION), (900, CHAT), (1500, GATEWAY), (2000, COMPLETION), (2600, COMPLETION)]


def line(custom_id: str) -> str:
    body = {"model": "demo-instant", "messages": [{"role": "user", "content": custom_id}]}
    call = {"custom_id": custom_id, "method": "POST", "url": "/v1/chat/completions", "body": body}
    return json.dumps(call) + "\n"


def test_each_line_is_answered_once(tmp_path: Path) -> None:
    ids = [f"q{number}" for number in range(LINES)]
    with Stack(tmp_path) as stack:
        stack.open()
        with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key, max_retries=9) as client:
            text = "".join(map(line, ids)).encode()
            file = client.files.create(file=("in.jsonl", text), purpose="batch")
            batch = client.batches.create(
                input_file_id=file.id,
                endpoint="/v1/chat/completions",
                completion_window="24h",
            )
            done = killing(stack, client, batch.id)
            answers = client.files.content(done.output_file_id).text.splitlines()
        assert (done.status, done.error_file_id) == ("completed", None)
        assert [json.loads(answer)["custom_id"] for answer in answers] == ids
        # No line has had two jobs.
        assert int(stack.redis.get("jobs:id") or 0) == LINES  # type: ignore[arg-type]


def killing(stack: Stack, client: OpenAI, batch_id: str) -> Any:
    left, until = list(KILLS), time.monotonic() + 400
    while time.monotonic() < until:
        try:
            batch = client.batches.retrieve(batch_id)
        except APIError:
            continue
        if left and (batch.request_counts.completed or 0) >= left[0][0]:
            stack.restart(left.pop(0)[1])
        if batch.status == "completed":
            assert not left
            return batch
        time.sleep(0.1)
    raise AssertionError(batch_id)
