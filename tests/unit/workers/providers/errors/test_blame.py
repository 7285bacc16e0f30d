"""Whose matter a refused call is, where its status alone does not tell: the field's own words."""

from __future__ import annotations

import json

import pytest

from workers.providers.base import Blame
from workers.providers.blame import blame_of, is_too_long
from workers.providers.told_errors import Told

REQUEST = b'{"model":"m","messages":[]}'
#: By status and blame, what is said.
SAID: dict[tuple[int, Blame], tuple[str, ...]] = {
    (400, Blame.KEY): (
        "API key not valid. Please pass a valid API key.",
        "API key expired. Please renew the API key.",
        "Incorrect API key provided: xa***xx.",
        "Multiple authentication credentials received. Please pass only one.",
    ),
    (400, Blame.BILLING): (
        "This organization has been disabled.",
        "Organization has been restricted. Please reach out to support.",
        "You have reached your specified API usage limits.",
        "You have reached your specified workspace API usage limits.",
        "Budget has been exceeded! Current cost: 2, Max budget: 1",
    ),
    (404, Blame.MODEL): (
        "models/m is not found for API version v1, or is not supported for generateContent.",
        "Publisher Model `projects/p/models/m` was not found",
        "This model version has reached the end of its life.",
        "No allowed providers are available for the selected model.",
        "No endpoints found matching your data policy",
        "No models loaded. Please load a model.",
        "Function '12ab': Not found for account 'xyz'",
    ),
    # What is flagged by one may be answered by another, as behind a 403.
    (400, Blame.FORBIDDEN): (
        "The response was filtered due to Azure OpenAI's content management policy.",
        "Content Exists Risk",
        "Output blocked by content filtering policy",
        "Input data may contain inappropriate content.",
        "Your request was rejected as a result of our safety system.",
        "Invalid prompt: your prompt was flagged as potentially violating our usage policy.",
        "User location is not supported for the API use.",
        "Your organization must be verified to stream this model.",
        "No models loaded. Please load a model.",
        'Failed to load model "m". Error: insufficient system resources.',
        "Model Not Exist",
        "Invalid model: m",
        "{'error': '/chat/completions: Invalid model name passed in model=m.'}",
        "You passed in model=m. There is no 'model_name' with this string",
        "m is not a valid model ID",
        "The provided model identifier is invalid.",
        "Invocation of model ID m with on-demand throughput isn't supported.",
        "could not find real modelID for m",
        "模型不存在",
        "The requested model 'm' is not supported by any provider you have enabled.",
        "The model does not support Chat Completions API",
        "registry.ollama.ai/library/m does not support tools",
        "The chatCompletion operation does not work with the specified model, m.",
        '"auto" tool choice requires --enable-auto-tool-choice to be set',
        "Please configure AI Gateway in the dashboard",
    ),
    (404, Blame.FORBIDDEN): (
        "Model not found, inaccessible, and/or not deployed",
        "This model is only supported in v1/responses and not in v1/chat/completions.",
        "This is not a chat model and thus not supported in the v1/chat/completions endpoint.",
    ),
    (400, Blame.REQUEST): (
        "max_tokens: 9 > 8, the maximum allowed",
        "This model's maximum context length is 8 tokens.",
        "messages.0: the model m does not support the role x",
    ),
}
WORDS = [
    pytest.param(status, said, blame, id=f"{status} {said[:40]}")
    for (status, blame), words in SAID.items()
    for said in words
]


@pytest.mark.parametrize(("status", "said", "blame"), WORDS)
def test_words_say_what_a_status_does_not(status: int, said: str, blame: Blame) -> None:
    assert blame_of(status, Told(said), REQUEST) is blame


@pytest.mark.parametrize(
    ("status", "said", "blame"), [one for one in WORDS if one.values[2] is not Blame.REQUEST]
)
def test_words_of_the_request_convict_nobody(status: int, said: str, blame: Blame) -> None:
    """An API quotes what it refuses: whoever may chat could put a provider away with that."""
    del blame
    quoting = json.dumps({"model": "m", "messages": [said.lower()]}, ensure_ascii=False).encode()
    assert blame_of(status, Told(said), quoting) is Blame.REQUEST


@pytest.mark.parametrize(
    ("status", "told", "blame"),
    [
        (400, Told("No.", param="model"), Blame.FORBIDDEN),
        (404, Told("No.", param="model"), Blame.FORBIDDEN),
        (400, Told("No.", param="messages"), Blame.REQUEST),
        (400, Told("No.", code="content_filter"), Blame.FORBIDDEN),
        (400, Told("No.", code="ResponsibleAIPolicyViolation"), Blame.FORBIDDEN),
        (400, Told("No.", code="1301"), Blame.FORBIDDEN),
        (400, Told("No.", code="OperationNotSupported"), Blame.FORBIDDEN),
        (400, Told("No.", type="invalid_model", code="1500"), Blame.FORBIDDEN),
        (400, Told("No.", type="budget_exceeded"), Blame.BILLING),
        (400, Told("No.", code="organization_restricted"), Blame.BILLING),
        (413, Told("No.", type="tokens", code="rate_limit_exceeded"), Blame.FORBIDDEN),
        (413, Told("No.", code="context_length_exceeded", param="model"), Blame.REQUEST),
        (409, Told("No.", param="model"), Blame.PROVIDER),
    ],
)
def test_codes_and_params_say_it_too(status: int, told: Told, blame: Blame) -> None:
    assert blame_of(status, told, REQUEST) is blame


@pytest.mark.parametrize("status", [400, 413, 414, 418, 431])
def test_page_is_the_answer_of_something_that_stands_before(status: int) -> None:
    """Another provider may take what was too large for this one's proxy."""
    assert blame_of(status, Told("Request Entity Too Large"), REQUEST, is_page=True) is (
        Blame.FORBIDDEN
    )


@pytest.mark.parametrize(
    "said",
    [
        "The input (9 tokens) is longer than the model's context length (8 tokens).",
        "the model is loaded with context length of only 8 tokens, which is not enough.",
        "This model's maximum prompt length is 8 but the request contains 9 tokens.",
        "Invalid request: Your request exceeded model token limit: 8",
        "Range of input length should be [1, 8]",
        "Input validation error: `inputs` must have less than 8 tokens. Given: 9",
        "too many tokens: size limit exceeded by 1 tokens.",
        "prompt length (9) exceeds maximum input length (8)",
        "You passed 9 input tokens. However, the model's context length is only 8 tokens",
        "The decoder prompt (length 9) is longer than the maximum model length of 8.",
    ],
)
def test_prompt_that_is_too_long_is_known_by_each_engines_words(said: str) -> None:
    assert is_too_long(400, Told(said))
    assert blame_of(400, Told(said), REQUEST) is Blame.REQUEST
