"""DTOs of AI Server for the providers of pictures and sound: the same providers, by other names."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.dtos.base import Dto
from shared.dtos.providers import EntryId, Query, Texts


class QueryMediaProviders(Query):
    """List the providers that can be asked for pictures or sound."""

    id: EntryId = None
    name: str | None = None


class _Fields(Dto):
    api_key: str | None = Field(None, description="The key; kept sealed, never shown.", repr=False)
    api_key_var: str | None = Field(None, description="The workers' variable that holds the key.")
    api_key_header: str | None = Field(None, description="The key's header, if not the usual one.")
    api_base_url: str | None = Field(None, description="As the provider's type takes it.")
    heartbeat_url: str | None = Field(None, description="Asked whether it is back, with GET.")
    concurrency: int | None = Field(None, description="Most calls at once; 0 for no limit.")
    priority: int | None = Field(None, description="Higher is asked first.")
    enabled: bool | None = None
    models: Texts = Field(None, description="Models, by the provider's own names.")


class CreateMediaProvider(_Fields):
    """Add a provider of pictures or sound."""

    name: str = Field(description="How requests and statistics call it.")
    media_type_id: str = Field(
        description="openai, automatic1111, comfyui, replicate or local; or as AI Server calls it."
    )


class UpdateMediaProvider(_Fields):
    """Change fields of a provider of pictures or sound; what is absent stays."""

    id: EntryId = None
    name: str | None = Field(None, description="Names it when no id does; else its new name.")
    media_type_id: str | None = None


class DeleteMediaProvider(Dto):
    """Take a provider of pictures or sound away."""

    id: EntryId = None
    name: str | None = None


class CheckMediaProviderStatus(Dto):
    """Probe a provider of pictures or sound now."""

    provider: str


class MediaProvider(Dto):
    """A provider of pictures or sound as it is shown. Its key is not."""

    id: int
    name: str
    api_key_var: str | None = None
    api_key_header: str | None = None
    api_base_url: str | None = Field(None, description="For the admin.")
    heartbeat_url: str | None = None
    concurrency: int = Field(0, description="0 for no limit.")
    priority: int
    enabled: bool
    status: str = Field(description="online, limited, resting, offline, held.")
    offline_date: str | None = Field(None, description="Since when it is not called.")
    created_date: str
    media_type_id: str
    media_type: dict[str, Any]
    models: list[str]
    operations: dict[str, list[str]] = Field(description="By model: what it can be asked.")


class QueryMediaProvidersResponse(Dto):
    """A page of providers."""

    offset: int
    total: int
    results: list[MediaProvider]
