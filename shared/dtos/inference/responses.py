"""DTOs of OpenAI's Responses API.

https://platform.openai.com/docs/api-reference/responses
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.dtos.inference.calls import FieldsOfQueued, Json, OpenAiWire


class CreateResponse(FieldsOfQueued, OpenAiWire):
    """Make a response: in the background, or answer with it at its end or as it comes."""

    model: str | None = Field(None, description="May be absent where `prompt` names it.")
    input: str | list[Any] | None = None
    prompt: Json | None = Field(None, description="A prompt that is stored at the provider.")
    instructions: str | None = None
    background: bool | None = None
    stream: bool | None = None
    store: bool | None = None
    previous_response_id: str | None = None
    max_output_tokens: int | None = None
    temperature: float | None = None
    top_p: float | None = None
    tools: list[Json] | None = None
    tool_choice: str | Json | None = None
    parallel_tool_calls: bool | None = None
    reasoning: Json | None = None
    text: Json | None = None
    truncation: str | None = None
    include: list[str] | None = None
    metadata: Json | None = None
    user: str | None = None


class RetrieveResponse(OpenAiWire):
    """Show a response as it stands, or tell its stream again from behind an event."""

    response_id: str
    stream: str = Field("", description="`true` for its stream.")
    starting_after: str = Field("", description="The sequence_number of an event.")


class CancelResponse(OpenAiWire):
    """End a response that waits, abort one that runs; show what became of it."""

    response_id: str


class OpenAiResponse(OpenAiWire):
    """A response, with what it repeats of its request."""

    id: str
    object: str
    created_at: int
    status: str = Field(description="queued, in_progress, completed, incomplete, failed, cancelled")
    background: bool | None = None
    model: str
    output: list[Json]
    error: Json | None = None
    incomplete_details: Json | None = None
    usage: Json | None = None
