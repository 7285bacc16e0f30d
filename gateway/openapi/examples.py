"""Requests that can be sent as they are to a ReplyTo with the demo LLM, by the endpoint's name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

_CHAT: Final[dict[str, Any]] = {
    "model": "demo",
    "messages": [{"role": "user", "content": "Hello!"}],
}
_JOB: Final = {"refId": "order-42"}

#: In an order in which they work one after the other.
EXAMPLES: Final[Mapping[str, Any]] = {
    "OpenAiChatCompletion": _CHAT,
    "QueueOpenAiChatCompletion": {**_JOB, "request": _CHAT},
    "AutoBatch": [{"refId": "order-43", "request": _CHAT}, {"refId": "order-44", "request": _CHAT}],
    "GetOpenAiChatStatus": _JOB,
    "WaitForOpenAiChat": _JOB,
    "GetOpenAiChat": _JOB,
    "CancelJob": _JOB,
    "OpenAiCompletion": {"model": "demo", "prompt": "Hello!"},
    "OpenAiEmbedding": {"model": "demo", "input": "Hello!"},
    "CreateResponse": {"model": "demo", "input": "Hello!"},
    "OllamaChat": {**_CHAT, "stream": False},
    "OllamaEmbed": {"model": "demo", "input": ["Hello!"]},
    "OllamaEmbeddings": {"model": "demo", "prompt": "Hello!"},
    "OllamaShow": {"model": "demo"},
    "RetrieveModel": {"name": "demo"},
    "GetModelImage": {"model": "demo"},
    "Hello": {"name": "World"},
    "QueryJobs": {"take": 10},
    "CreateApiKey": {"name": "nightly jobs", "scopes": ["chat", "read"]},
    "CreateCallbackSubscription": {"url": "https://app.example.com/hooks"},
}
#: What a place of a path is called in the examples of batches.
PLACES: Final[Mapping[str, str]] = {"AutoBatch": "QueueOpenAiChatCompletion"}
