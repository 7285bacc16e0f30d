"""What the answers of a batch took, summed up whatever API they are of."""

from __future__ import annotations

import json
from typing import Any

from shared.batches.usage import Sum


def line(body: Any) -> bytes:
    return json.dumps({"custom_id": "a", "response": {"status_code": 200, "body": body}}).encode()


def test_usage_of_each_api_is_summed_up_and_nonsense_is_none() -> None:
    chat = {
        "prompt_tokens": 3,
        "completion_tokens": 4,
        "total_tokens": 7,
        "prompt_tokens_details": {"cached_tokens": 2},
        "completion_tokens_details": {"reasoning_tokens": 1},
    }
    response = {"input_tokens": 10, "output_tokens": 20, "total_tokens": 30}
    bodies = [{"usage": chat}, {"usage": response}, {}, [], {"usage": {"prompt_tokens": "x"}}]
    answers = [line(body) for body in bodies]
    counted = Sum()
    assert list(counted.of(answers)) == answers
    assert counted.told() == {
        "input_tokens": 13,
        "input_tokens_details": {"cached_tokens": 2},
        "output_tokens": 24,
        "output_tokens_details": {"reasoning_tokens": 1},
        "total_tokens": 37,
    }
