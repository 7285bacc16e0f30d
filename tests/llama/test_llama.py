"""What a real LLM server does: completions, streams, errors, cancellation."""

from __future__ import annotations

import json

import openai

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.stack import Stack


def test_completion_comes_back_whole(llama_api: Api) -> None:
    answer = llama_api.post("/v1/chat/completions", json=chat("n", max_tokens=8))
    assert answer.status_code == 200, answer.text
    assert answer.headers["x-provider"] == "llama"
    assert answer.json()["usage"]["completion_tokens"] > 0
    assert answer.json()["choices"][0]["finish_reason"] in ("stop", "length")


def test_jobs_wait_for_the_one_slot(llama_api: Api) -> None:
    jobs = [llama_api.queue(chat("n", f"job {n}", max_tokens=4))["id"] for n in range(10)]
    assert {llama_api.until_ended(job)["jobState"] for job in jobs} == {"Completed"}


def test_stream_is_read_by_the_openai_sdk(llama_stack: Stack) -> None:
    with openai.OpenAI(
        base_url=f"{llama_stack.url}/v1", api_key=llama_stack.api_key, max_retries=0
    ) as client:
        chunks = list(
            client.chat.completions.create(
                model="n",
                messages=[{"role": "user", "content": "hi"}],
                max_tokens=8,
                stream=True,
            )
        )
    assert chunks[-1].choices == [] or chunks[-1].choices[0].finish_reason


def test_error_of_the_server_is_passed_on(llama_api: Api) -> None:
    answer = llama_api.post("/v1/chat/completions", json=chat("n", max_tokens=-5, n=0, top_p=9))
    # llama.cpp's server answers 500 also to what is the request's fault.
    assert answer.status_code >= 400
    assert json.loads(answer.text)["error"]["message"]


def test_cancelled_job_frees_the_server(llama_api: Api) -> None:
    job = llama_api.queue(chat("n", "long", max_tokens=1900))["id"]
    llama_api.until_state(job, "Started")
    llama_api.post("/api/CancelJob", json={"id": job})
    assert llama_api.until_ended(job)["jobState"] in ("Cancelled", "Completed")
    answer = llama_api.post("/v1/chat/completions", json=chat("n", max_tokens=4))
    assert answer.status_code == 200
