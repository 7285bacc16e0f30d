"""OpenAI's batch flow with its SDK, unmodified, over providers of other types."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

from openai import OpenAI

from tests.acceptance.system.dialect_stack import CHEAP, CLAUDE, LLAMA, DialectStack
from tests.acceptance.system.stack import COMPLETION, Stack


def _run(
    stack: Stack,
    endpoint: str,
    *bodies: dict[str, Any],
    meanwhile: Callable[[], None] = lambda: None,
) -> dict[str, dict[str, Any]]:
    """Run a batch from upload to download; return each line's response."""
    lines = [
        {"custom_id": str(n), "method": "POST", "url": endpoint, "body": body}
        for n, body in enumerate(bodies)
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines).encode()
    with OpenAI(base_url=f"{stack.url}/v1", api_key=stack.api_key) as client:
        file = client.files.create(file=("in.jsonl", text), purpose="batch")
        batch = client.batches.create(
            input_file_id=file.id, endpoint=endpoint, completion_window="24h"
        )  # type: ignore[call-overload]
        until = time.monotonic() + 60
        while batch.status not in ("completed", "failed") and time.monotonic() < until:
            time.sleep(0.2)
            meanwhile()
            batch = client.batches.retrieve(batch.id)
        assert batch.status == "completed", batch
        files = filter(None, (batch.output_file_id, batch.error_file_id))
        told = [row for one in files for row in client.files.content(one).text.splitlines()]
    return {row["custom_id"]: row["response"] for row in map(json.loads, told)}


def _chat(model: str, said: str) -> dict[str, Any]:
    return {"model": model, "max_tokens": 50, "messages": [{"role": "user", "content": said}]}


def test_chats_of_one_batch_go_to_anthropic_and_ollama(dialects: DialectStack) -> None:
    told = _run(
        dialects.stack,
        "/v1/chat/completions",
        *(_chat(model, f"Hi {n}") for n in range(3) for model in (CLAUDE, LLAMA)),
    )
    assert len(told) == 6
    for response in told.values():
        assert response["status_code"] == 200, response
        assert response["body"]["object"] == "chat.completion"
        assert response["body"]["choices"][0]["message"]["content"]
        assert response["body"]["usage"]["total_tokens"] > 0


def test_what_a_provider_cannot_do_is_told_of_its_line(dialects: DialectStack) -> None:
    told = _run(dialects.stack, "/v1/embeddings", {"model": CLAUDE, "input": "Hi"})
    assert told["0"]["status_code"] == 400
    assert "embedding" in told["0"]["body"]["error"]["message"]


def test_embeddings_of_a_batch_go_to_ollama(dialects: DialectStack) -> None:
    (told,) = _run(dialects.stack, "/v1/embeddings", {"model": LLAMA, "input": "Hi"}).values()
    assert (told["status_code"], len(told["body"]["data"])) == (200, 1)


def test_responses_of_one_batch_go_to_anthropic_and_ollama(dialects: DialectStack) -> None:
    asked = [{"model": model, "input": f"Hi {n}"} for n in range(2) for model in (CLAUDE, LLAMA)]
    told = _run(dialects.stack, "/v1/responses", *asked, {**asked[0], "prompt": {"id": "p"}})
    refused = told.pop("4")
    assert (refused["status_code"], refused["body"]["error"]["param"]) == (400, "prompt")
    for number, response in told.items():
        assert response["status_code"] == 200, response
        body = response["body"]
        assert (body["object"], body["status"]) == ("response", "completed")
        assert body["output"][0]["content"][0]["text"] == f"You said: {asked[int(number)]['input']}"
        assert body["usage"]["total_tokens"] > 0


def test_providers_own_batch_has_the_lines_whoever_is_killed(dialects: DialectStack) -> None:
    server, stack, steps = dialects.batches, dialects.stack, iter(("kill", "end"))

    def meanwhile() -> None:
        # Killed before it knows of it, the next one would wait for minutes whether it comes back.
        if "requests are batch" not in stack.log(COMPLETION):
            return
        step = next(steps, None)
        if step == "kill":
            # With it goes who submitted, fed and collected.
            stack.restart(COMPLETION)
        elif step == "end":
            server.run(server.only)
            server.end(server.only)

    said = ["Hi", "refuse me", "there"]
    told = _run(
        stack, "/v1/chat/completions", *(_chat(CHEAP, one) for one in said), meanwhile=meanwhile
    )
    texts = [told[str(n)]["body"]["choices"][0]["message"]["content"] for n in range(3)]
    assert texts == [f"You said: {one}" for one in said]
    assert len(server.only.requests) == 3
    # What was refused there was asked singly.
    assert [one["messages"][0]["content"] for one in server.singles] == ["refuse me"]


def test_embeddings_and_responses_of_a_provider_of_openais_type(stack: Stack) -> None:
    model = "demo-instant"
    told = _run(stack, "/v1/embeddings", *({"model": model, "input": f"t{n}"} for n in range(3)))
    assert [one["body"]["data"][0]["object"] for one in told.values()] == ["embedding"] * 3
    told = _run(stack, "/v1/responses", *({"model": model, "input": f"Say {n}"} for n in range(3)))
    assert [one["body"]["status"] for one in told.values()] == ["completed"] * 3
