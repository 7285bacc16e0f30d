"""DTOs of the providers: list, create, change, try and check them; and of the workers."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import zero_is_absent


def _texts(value: object) -> object:
    """In query strings, lists are texts with commas."""
    return [part for part in value.split(",") if part] if isinstance(value, str) else value


Texts = Annotated[list[str] | None, BeforeValidator(_texts)]
EntryId = Annotated[int | None, BeforeValidator(zero_is_absent)]


class AiProviderModel(Dto):
    """One model of a provider."""

    model: str = Field(description="The public name.")
    api_model: str | None = Field(None, description="The provider's own name.")


class _ProviderFields(Dto):
    ai_type_id: str | None = Field(
        None,
        description="openai, ollama, anthropic, automatic1111, comfyui, replicate or local; or as "
        "AI Server calls it.",
    )
    api_base_url: str | None = Field(None, description="As an OpenAI SDK takes it.")
    api_key_var: str | None = Field(None, description="The workers' variable that holds the key.")
    api_key: str | None = Field(None, description="The key; kept sealed, never shown.", repr=False)
    api_key_header: str | None = Field(None, description="The key's header, if not the usual one.")
    heartbeat_url: str | None = Field(None, description="Asked whether it is back, with GET.")
    proxy: str | None = Field(
        None, description="An HTTP proxy's URL; `direct`; empty for the environment's.", repr=False
    )
    ca_file: str | None = Field(None, description="Whom to trust: a file of the operator's folder.")
    client_cert: str | None = Field(None, description="Our certificate: such a file.")
    client_key: str | None = Field(None, description="Its key, if not in the same file.")
    concurrency: int | None = Field(None, description="Most calls at once; 0 for no limit.")
    adaptive: bool | None = Field(None, description="Learn how many calls it takes at once.")
    requests_per_minute: int | None = Field(None, description="0 for no limit.")
    tokens_per_minute: int | None = Field(None, description="0 for no limit.")
    priority: int | None = Field(None, description="Higher is asked first.")
    enabled: bool | None = None
    models: list[AiProviderModel] | None = None
    selected_models: Texts = Field(None, description="Models whose names are the provider's own.")
    defaults: dict[str, Any] | None = Field(
        None, description="By model: temperature, max_tokens, body."
    )
    batch: bool | None = Field(None, description="Send lines of batches to its own batches.")
    batch_price: Annotated[float, Field(ge=0, le=1)] | None = Field(
        None, description="What part of the price its own batches cost; 0.5 if never said."
    )
    metrics_url: str | None = Field(
        None, description="Where its server tells how many requests wait there; empty for none."
    )
    metrics_gauges: Texts = Field(
        None, description="By which gauges, if not those of well-known servers."
    )


class CreateAiProvider(_ProviderFields):
    """Add a provider."""

    name: str = Field(description="How requests and statistics call it.")


class ListAiProviderModels(_ProviderFields):
    """Ask a provider, before it is added, which models it has. Nothing is kept."""

    name: str | None = Field(None, description="A provider's whose key counts if none is given.")


class ListAiProviderModelsResponse(Dto):
    """Its models, by the names that it gives them; or why it does not tell."""

    results: list[str]
    reason: str | None = None
    response_status: ResponseStatus | None = None


class UpdateAiProvider(_ProviderFields):
    """Change fields of a provider; what is absent stays."""

    id: EntryId = None
    name: str | None = Field(None, description="Names it when no id does; else its new name.")


class DeleteAiProvider(Dto):
    """Take a provider away."""

    id: EntryId = None
    name: str | None = None


class IdResponse(Dto):
    """What was made or changed."""

    id: str
    response_status: ResponseStatus | None = None


class EmptyResponse(Dto):
    """It was done."""

    response_status: ResponseStatus | None = None


class Query(Dto):
    """What all queries take."""

    skip: int | None = Field(None, ge=0)
    take: int | None = Field(None, ge=0, le=1000)
    order_by: str | None = None
    order_by_desc: str | None = None
    include: str | None = None
    fields: str | None = None


class QueryAiProviders(Query):
    """List the providers."""

    id: EntryId = None
    name: str | None = None


class QueryAiTypes(Query):
    """List the API dialects."""


class QueryAiModels(Query):
    """List the models with their providers."""

    id: str | None = None
    vision: bool | None = Field(None, description="Only models that see pictures, by their names.")


class GetActiveProviders(Dto):
    """List the providers that are enabled and online."""


class ChatAiProvider(Dto):
    """Try one provider, also one that is offline."""

    provider: str
    model: str
    request: dict[str, Any] | None = None
    prompt: str | None = None


class ChangeAiProviderStatus(Dto):
    """Take a provider offline, or online again."""

    provider: str
    online: bool


class CheckAiProviderStatus(Dto):
    """Probe a provider now."""

    provider: str


class StringResponse(Dto):
    """What was done, in words."""

    result: str
    response_status: ResponseStatus | None = None


class BoolResponse(Dto):
    """Yes or no; why not is in `reason`."""

    result: bool
    reason: str | None = None
    response_status: ResponseStatus | None = None


class AiProvider(Dto):
    """A provider as it is shown. Its key is not."""

    id: int
    name: str
    api_base_url: str | None = Field(None, description="For the admin.")
    api_key_var: str | None = None
    api_key_header: str | None = None
    has_api_key: bool = Field(
        default=False, description="Whether a sealed key was given over the API."
    )
    heartbeat_url: str | None = None
    proxy: str | None = Field(None, description="Without the password.")
    ca_file: str | None = None
    client_cert: str | None = None
    client_key: str | None = None
    concurrency: int = Field(0, description="0 for no limit.")
    adaptive: bool = Field(default=False, description="How many calls it takes is learned.")
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    priority: int
    enabled: bool
    status: str = Field(description="online, limited, resting, offline, held.")
    is_asked: bool | None = Field(
        None, description="Whether it was ever probed or has answered: else nobody knows."
    )
    probe_problem: str | None = Field(
        None, description="What the last probe found, if it has not answered since."
    )
    offline_date: str | None = Field(None, description="Since when it is not called.")
    offline_reason: str | None = None
    created_date: str
    origin: str = Field(description="Who has the last word on it: file or api.")
    models: list[AiProviderModel]
    ai_type_id: str
    ai_type: dict[str, Any]
    selected_models: list[str]
    defaults: dict[str, Any] | None = None
    batch: bool = Field(default=False, description="Lines of batches go to its own batches.")
    batch_price: float = Field(0.5, description="What part of the price those cost.")
    metrics_url: str | None = None
    metrics_gauges: list[str] | None = None


class Reload(Dto):
    """Read providers.toml again."""


class AiType(Dto):
    """An API dialect."""

    id: str
    name: str
    provider: str


class AiModel(Dto):
    """A model and who has it."""

    id: str
    name: str
    providers: list[str]
    online: bool
    vision: bool = Field(default=False, description="Whether it sees pictures, by its name.")


class QueryAiProvidersResponse(Dto):
    """A page of providers."""

    offset: int
    total: int
    results: list[AiProvider]


class QueryAiTypesResponse(Dto):
    """A page of API dialects."""

    offset: int
    total: int
    results: list[AiType]


class QueryAiModelsResponse(Dto):
    """A page of models."""

    offset: int
    total: int
    results: list[AiModel]


class GetActiveProvidersResponse(Dto):
    """Providers that may be called now."""

    results: list[AiProvider]
