"""DTOs of Ollama's generations, and of the models that its servers have.

https://github.com/ollama/ollama/blob/main/docs/api.md#generate-a-completion
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import Holds
from shared.dtos.inference.calls import FieldsOfQueued, GatewayFields, Json, OpenAiWire
from shared.dtos.jobs import GetOpenAiChatStatus, GetOpenAiChatStatusResponse


class OllamaGenerate(OpenAiWire):
    """A generation in Ollama's words."""

    model: str
    prompt: str | None = None
    suffix: str | None = None
    images: list[str] | None = Field(None, description="In base64.")
    format: str | Json | None = None
    options: Json | None = None
    system: str | None = None
    template: str | None = None
    context: list[int] | None = None
    stream: bool | None = None
    raw: bool | None = None
    think: bool | str | None = None
    keep_alive: float | str | None = None


class OllamaGeneration(GatewayFields, OllamaGenerate):
    """Run a generation of Ollama's and wait for its answer."""


class QueueOllamaGeneration(FieldsOfQueued):
    """Queue a generation of Ollama's, and be told where to ask for it."""

    request: OllamaGenerate = Field(description="The generation.")


class GetOllamaGenerationStatus(GetOpenAiChatStatus):
    """Ask where a queued generation stands."""


class GetOllamaGenerationStatusResponse(GetOpenAiChatStatusResponse):
    """Where a generation stands, and its result once there is one."""

    result: Annotated[dict[str, Any], Holds("OllamaGenerationResponse")] | None = Field(
        None, description="What was generated."
    )


class OllamaGenerationResponse(OpenAiWire):
    """What was generated."""

    model: str
    created_at: str
    response: str
    done: bool
    done_reason: str | None = None
    context: list[int] | None = None
    total_duration: int | None = Field(None, description="Nanoseconds, as the others.")
    load_duration: int | None = None
    prompt_eval_count: int | None = None
    prompt_eval_duration: int | None = None
    eval_count: int | None = None
    eval_duration: int | None = None


class GetOllamaModels(Dto):
    """List the models that the Ollama servers have."""

    provider: str | None = Field(None, description="Only models of this provider.")


class GetOllamaModelsResponse(Dto):
    """Models as Ollama tells them: name, model, modified_at, size, digest, details."""

    results: list[Json]
    response_status: ResponseStatus | None = None
