"""DTOs of the list of models as OpenAI tells it."""

from __future__ import annotations

from pydantic import Field

from shared.dtos.base import Dto
from shared.dtos.inference.calls import OpenAiWire
from shared.operation import Operation


class ListModels(Dto):
    """List the models as OpenAI does."""

    operation: Operation | None = Field(
        None, description="Only models that are for this: `chat`, `image`, `speech` …"
    )


class RetrieveModel(Dto):
    """Show one model as OpenAI does."""

    name: str


class OpenAiModel(OpenAiWire):
    """A model."""

    id: str
    object: str = "model"
    created: int = Field(0, description="Always 0: models here have no date.")
    owned_by: str = Field(description="Its first provider.")


class OpenAiModels(OpenAiWire):
    """All models that the key may use."""

    object: str = "list"
    data: list[OpenAiModel]
