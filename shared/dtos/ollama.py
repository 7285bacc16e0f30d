"""DTOs about Ollama's models. Its generations are read and written as they come."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.dtos.base import Dto, ResponseStatus


class GetOllamaModels(Dto):
    """List the models that the Ollama servers have."""

    provider: str | None = Field(None, description="Only models of this provider.")


class GetOllamaModelsResponse(Dto):
    """Models as Ollama tells them: name, model, modified_at, size, digest, details."""

    results: list[dict[str, Any]]
    response_status: ResponseStatus | None = None
