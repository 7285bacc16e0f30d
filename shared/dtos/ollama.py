"""Requests and answers of Ollama's own API, for its clients: any model of the gateway answers them.

https://github.com/ollama/ollama/blob/main/docs/api.md
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, ConfigDict, Field

from shared.dtos.base import Dto
from shared.dtos.inference.calls import GatewayFields

Json = dict[str, Any]
#: A message that only calls tools has a `null` in the place of its text, or nothing.
_Content = Annotated[str, BeforeValidator(lambda value: "" if value is None else value)]


class _Wire(Dto):
    """Named as on the wire; a client's other fields are ignored."""

    model_config = ConfigDict(alias_generator=None)


class OllamaMessage(_Wire):
    """One message of a conversation."""

    role: str
    content: _Content = ""
    images: list[str] | None = Field(None, description="In base64.")
    thinking: str | None = None
    tool_calls: list[Json] | None = None
    tool_name: str | None = Field(None, description="Whose result a message of a tool is.")
    tool_call_id: str | None = None


class OllamaChat(GatewayFields, _Wire):
    """Chat as Ollama does: line by line, unless the request says otherwise."""

    model: str = Field(min_length=1)
    messages: list[OllamaMessage] = Field(default_factory=list)
    tools: list[Json] | None = None
    format: str | Json | None = Field(None, description="`json`, or the schema of the answer.")
    options: Json | None = Field(
        None, description="temperature, top_p, num_predict, seed, stop, penalties; others are not."
    )
    stream: bool | None = None
    think: bool | str | None = Field(None, description="low, medium or high.")
    keep_alive: float | str | None = Field(None, description="Not heeded.")


class OllamaChatResponse(_Wire):
    """An answer, or a piece of one."""

    model: str
    created_at: str
    message: OllamaMessage
    done: bool
    done_reason: str | None = None
    total_duration: int | None = Field(None, description="Nanoseconds, as the others.")
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None


class OllamaEmbed(GatewayFields, _Wire):
    """Embed texts as Ollama does."""

    model: str = Field(min_length=1)
    input: str | list[str]
    dimensions: int | None = None
    truncate: bool | None = None
    options: Json | None = None
    keep_alive: float | str | None = None


class OllamaEmbedResponse(_Wire):
    """A vector a text."""

    model: str
    embeddings: list[list[float]]
    total_duration: int | None = None
    load_duration: int | None = None
    prompt_eval_count: int | None = None


class OllamaEmbeddings(GatewayFields, _Wire):
    """Embed one text, as Ollama did before."""

    model: str = Field(min_length=1)
    prompt: str = ""


class OllamaEmbeddingsResponse(_Wire):
    """The text's vector."""

    embedding: list[float]


class OllamaTags(Dto):
    """List the models as Ollama does."""


class OllamaTag(_Wire):
    """A model. What the gateway does not know of it is empty."""

    name: str
    model: str
    modified_at: str
    size: int = 0
    digest: str
    details: Json


class OllamaTagsResponse(_Wire):
    """The models that the key may use."""

    models: list[OllamaTag]


class OllamaShow(_Wire):
    """Tell of one model."""

    model: str = ""
    name: str = Field("", description="What it was called before `model`.")


class OllamaShowResponse(_Wire):
    """What is known of a model."""

    modelfile: str = ""
    parameters: str = ""
    template: str = ""
    details: Json
    model_info: Json
    capabilities: list[str]
    modified_at: str


class OllamaVersion(Dto):
    """Tell which version of Ollama's API this is like."""


class OllamaVersionResponse(Dto):
    """The version."""

    version: str
