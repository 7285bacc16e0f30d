"""DTOs of calls of models. Bodies pass as they are: these classes tell what stands in them.

Names are OpenAI's and Ollama's own (snake_case) but for the gateway's fields. Unknown names pass.
https://platform.openai.com/docs/api-reference/chat and …/responses,
https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-completion
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.bulk.queueing import Queued
from shared.dtos.fields import Holds

Json = dict[str, Any]


class GatewayFields(Dto):
    """What the gateway is told about a call; it is taken out before the call goes on."""

    ref_id: str | None = Field(None, alias="refId", description="Your name for the job.")
    provider: str | None = Field(None, description="This provider and no other.")
    tag: str | None = Field(None, description="Anything you group by.")
    reply_to: str | None = Field(None, alias="replyTo", description="Where the answer is posted.")
    timeout_secs: float | None = Field(None, alias="timeoutSecs", description="Its deadline.")


class FieldsOfQueued(Queued, GatewayFields):
    """What the gateway is told about a call that nobody waits for."""


class OpenAiWire(Dto):
    """Named as on the wire."""

    model_config = ConfigDict(alias_generator=None)


class ToolCallFunction(OpenAiWire):
    """What a tool is called with."""

    name: str
    arguments: str = Field(description="JSON text, as the model wrote it.")


class ToolCall(OpenAiWire):
    """A call of a tool that the model asks for."""

    id: str
    type: str = Field("function", description="`function`.")
    function: ToolCallFunction
    index: int | None = Field(None, description="Its place, in streams.")


class OpenAiMessage(OpenAiWire):
    """One message of a conversation."""

    role: str = Field(description="system, developer, user, assistant or tool.")
    content: str | list[Json] | None = Field(None, description="A text, or a list of parts.")
    name: str | None = None
    refusal: str | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = Field(None, description="The call that a tool's message answers.")


class ChoiceMessage(OpenAiWire):
    """What the model said."""

    role: str
    content: str | None = None
    refusal: str | None = None
    reasoning_content: str | None = Field(None, description="What it thought, where it tells.")
    tool_calls: list[ToolCall] | None = None
    annotations: list[Json] | None = None
    audio: Json | None = None


class OpenAiChat(OpenAiWire):
    """A chat request."""

    model: str = Field(description="One that `GET /v1/models` lists.")
    messages: list[Annotated[Json, Holds("OpenAiMessage")]] = Field(
        description="The conversation so far: `role` and `content`."
    )
    stream: bool | None = Field(None, description="Answer with server-sent events.")
    stream_options: Json | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    frequency_penalty: float | None = None
    presence_penalty: float | None = None
    logit_bias: Json | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    response_format: Json | None = None
    tools: list[Json] | None = None
    tool_choice: str | Json | None = None
    parallel_tool_calls: bool | None = None
    reasoning_effort: str | None = None
    modalities: list[str] | None = None
    audio: Json | None = None
    service_tier: str | None = None
    store: bool | None = None
    metadata: Json | None = None
    user: str | None = None


class OpenAiChatCompletion(GatewayFields, OpenAiChat):
    """Run a chat and wait for its answer."""


class QueueOpenAiChatCompletion(FieldsOfQueued):
    """Queue a chat, and be told where to ask for it."""

    request: OpenAiChat = Field(description="The chat request.")


class OpenAiCompletion(GatewayFields, OpenAiWire):
    """Complete a text."""

    model: str
    prompt: str | list[Any]
    suffix: str | None = None
    stream: bool | None = None
    stream_options: Json | None = None
    temperature: float | None = None
    top_p: float | None = None
    n: int | None = None
    best_of: int | None = None
    max_tokens: int | None = None
    stop: str | list[str] | None = None
    seed: int | None = None
    echo: bool | None = None
    logprobs: int | None = None
    user: str | None = None


class OpenAiEmbedding(GatewayFields, OpenAiWire):
    """Turn texts into vectors."""

    model: str
    input: str | list[Any]
    dimensions: int | None = None
    encoding_format: str | None = None
    user: str | None = None


class Usage(OpenAiWire):
    """Tokens of a call."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


class Choice(OpenAiWire):
    """One answer of a chat."""

    index: int
    finish_reason: str | None = None
    message: Annotated[Json, Holds("ChoiceMessage")] = Field(
        description="`role`, `content`, `tool_calls` and what else it says."
    )
    logprobs: Json | None = None


class OpenAiChatResponse(OpenAiWire):
    """The answer of a chat."""

    id: str
    object: str
    created: int = Field(description="Unix seconds.")
    model: str
    choices: list[Choice]
    usage: Usage | None = None
    system_fingerprint: str | None = None
    service_tier: str | None = None
    response_status: ResponseStatus | None = Field(None, alias="responseStatus")


class OpenAiCompletionResponse(OpenAiWire):
    """A completed text."""

    id: str
    object: str
    created: int
    model: str
    choices: list[Json] = Field(description="`text`, `index`, `finish_reason`, `logprobs`.")
    usage: Usage | None = None


class OpenAiEmbeddingResponse(OpenAiWire):
    """Vectors, in the order of the texts."""

    object: str
    model: str
    data: list[Json] = Field(description="`index`, `embedding`.")
    usage: Usage | None = None
