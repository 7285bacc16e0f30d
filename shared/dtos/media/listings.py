"""DTOs of AI Server's lists: models, types and voices of media.

https://docs.servicestack.net/ai-server/
"""

from __future__ import annotations

from pydantic import Field

from shared.dtos.base import Dto
from shared.dtos.fields import Text
from shared.dtos.providers import Query


class ActiveMediaModels(Dto):
    """List the models that make pictures and are online."""


class KeyValue(Dto):
    """A name and what it stands for."""

    key: str
    value: str


class ActiveMediaModelsResponse(Dto):
    """Names of models, the best first."""

    results: list[KeyValue]


class QueryMediaModels(Query):
    """List the models for pictures and sound."""

    id: Text = None
    provider_id: Text = Field(None, description="Only models of this provider.")


class MediaModel(Dto):
    """A model, by provider type: its names there, and what it can be asked."""

    id: str
    name: str
    api_models: dict[str, str]
    supported_tasks: dict[str, list[str]]


class QueryMediaModelsResponse(Dto):
    """Models."""

    offset: int = 0
    total: int
    results: list[MediaModel]


class QueryMediaTypes(Query):
    """List the types of providers for pictures and sound."""


class MediaType(Dto):
    """A type of providers."""

    id: str
    provider: str


class QueryMediaTypesResponse(Dto):
    """Types."""

    offset: int = 0
    total: int
    results: list[MediaType]


class QueryTextToSpeechVoices(Query):
    """List the voices that speech can be asked in."""


class Voice(Dto):
    """A voice, and what to give as the model for it."""

    id: str
    model: str


class QueryTextToSpeechVoicesResponse(Dto):
    """Voices."""

    offset: int = 0
    total: int
    results: list[Voice]
