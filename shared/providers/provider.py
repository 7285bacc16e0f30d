"""The LLM providers an operator configured: what one is, and how `providers.toml` is read."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import chain
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    SerializerFunctionWrapHandler,
    ValidationError,
    field_validator,
    model_serializer,
    model_validator,
)

from shared.media.engines import NOWHERE
from shared.operation import OPERATIONS_BY_TYPE, Operation
from shared.providers import presets as provider_presets
from shared.providers.ai_server_names import adopted
from shared.providers.extras import HeaderName, Headers, Query, open_secrets
from shared.providers.model_names import is_named_for
from shared.providers.proxy_url import Proxy
from shared.providers.written import models as written
from shared.providers.written import places
from shared.providers.written.gauges import GaugeName
from shared.providers.written.models import ModelDefaults
from shared.providers.written.problems import problem_of
from shared.security.masked_url import masked_url
from shared.settings import SettingsError, read_providers_toml

#: No control characters: they separate names in the keys of Redis.
Name = Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
#: A file on the machines that call the provider.
FilePath = Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00-\x1f\x7f]+$")]
PerMinute = Annotated[int, Field(ge=1)]

#: The API dialects a provider can speak.
ProviderType = Literal[
    "openai", "ollama", "anthropic", "automatic1111", "comfyui", "replicate", "local"
]


class Provider(BaseModel):
    """One configured LLM endpoint. `models` maps the public name to the provider's own.

    In the file a model may be a table: `{model = "own name", temperature = 0.2, …}`.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    type: ProviderType = "openai"
    base_url: HttpUrl
    api_key_env: str | None = None
    #: A key given over the API, sealed (`shared/security/sealing.py`). Never in a file.
    sealed_key: str | None = Field(None, repr=False)
    #: The header that carries the key; None for the one that is usual for the type.
    api_key_header: HeaderName | None = None
    headers: Headers = Field(default_factory=dict)
    query: Query = Field(default_factory=dict)
    concurrency: int | None = Field(None, ge=1)
    #: Whether how many calls it takes at once is learned; then `concurrency` is the most.
    adaptive: bool = False
    requests_per_minute: PerMinute | None = None
    tokens_per_minute: PerMinute | None = None
    priority: int = 0
    models: Mapping[Name, Name] = Field(min_length=1)
    defaults: Mapping[Name, ModelDefaults] = Field(default_factory=dict)
    #: What it can be asked, where that is less than its type can; and what single models can.
    operations: tuple[Operation, ...] = ()
    model_operations: Mapping[Name, tuple[Operation, ...]] = Field(default_factory=dict)
    #: Whether lines of batches go to its own batches, and what part of the price they cost there.
    batch: bool = False
    batch_price: float = Field(0.5, ge=0, le=1)
    heartbeat_url: HttpUrl | None = None
    #: Where its server tells how many requests wait there, and by which gauges; none: known ones.
    metrics_url: HttpUrl | None = None
    metrics_gauges: tuple[GaugeName, ...] = Field((), max_length=20)
    #: None for what the environment says. Not in a repr: it may hold a password.
    proxy: Proxy | None = Field(None, repr=False)
    #: Who is trusted as this provider: certificates in PEM; None for what the environment says.
    ca_file: FilePath | None = None
    #: Our certificate there, in PEM; its key is in the same file, or in `client_key`.
    client_cert: FilePath | None = None
    client_key: FilePath | None = None
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _preset_fills_what_is_not_given(cls, values: Any) -> Any:
        return provider_presets.filled(adopted(values)) if isinstance(values, dict) else values

    @field_validator("models", mode="before")
    @classmethod
    def _list_means_same_names(cls, value: object) -> object:
        return {name: name for name in value} if isinstance(value, list) else value

    @model_validator(mode="before")
    @classmethod
    def _take_apart(cls, value: Any) -> Any:
        return written.split_tables(written.with_pair(value)) if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _defaults_are_of_models(self) -> Provider:
        for name in self.defaults:
            if name not in self.models:
                raise ValueError(f"defaults: '{name}' is not one of its models")
        return self

    @model_serializer(mode="wrap")
    def _without_what_is_not_declared(self, write: SerializerFunctionWrapHandler) -> dict[str, Any]:
        # Processes of the version before refuse a provider with a field that they do not know.
        return written.without_undeclared(write(self))

    @model_validator(mode="after")
    def _operations_are_those_of_its_type(self) -> Provider:
        known = OPERATIONS_BY_TYPE[self.type]
        for operation in (*self.operations, *chain(*self.model_operations.values())):
            if operation not in known:
                raise ValueError(f"operations: type '{self.type}' does not know '{operation}'")
        for name in self.model_operations:
            if name not in self.models:
                raise ValueError(f"operations: '{name}' is not one of its models")
        return self

    @model_validator(mode="after")
    def _media_model_is_ours(self) -> Provider:
        if ("replyto-media" in self.models) != (self.name == "replyto-engines"):
            raise ValueError("'replyto-media' and 'replyto-engines' are the gateway's own")
        if self.type == "local":
            written.check_engines(self.models)
        return self

    @model_validator(mode="after")
    def _fields_fit_together(self) -> Provider:
        if self.batch and self.type not in ("openai", "anthropic"):
            raise ValueError(f"batch: type '{self.type}' has no batches of its own")
        if self.client_key and not self.client_cert:
            raise ValueError("client_key: it needs a client_cert")
        return self

    def can(self, operation: Operation, model: str = "") -> bool:
        """Whether it can be asked that, of this model."""
        return operation in self.operations_of(model)

    def operations_of(self, model: str = "") -> Collection[Operation]:
        """Return what it can be asked of a model: as is declared, else all that its type can."""
        return self.says_what_for(model) or written.operations_of(
            self.type, self.models.get(model, "")
        )

    def says_what_for(self, model: str) -> Collection[Operation]:
        """Return what a model is declared to be for; nothing where nothing is said."""
        return self.model_operations.get(model) or self.operations

    def declares(self, operation: Operation, model: str) -> bool:
        """Whether it is said of the model, or plain by its name, that it can be asked that."""
        if declared := self.says_what_for(model):
            return operation in declared
        known, own = written.operations_of(self.type, self.models[model]), self.models[model]
        every = self.type == "local" or self.type in written.DRAWS_BY_ANY_MODEL
        return operation in known and (every or is_named_for(own, operation))

    def endpoint(self, path: str) -> str:
        """Return the URL of `path` under the base URL, which is as an OpenAI SDK takes it."""
        return f"{str(self.base_url).rstrip('/')}/{path}"

    @property
    def shown_url(self) -> str:
        """The base URL without a password that may be in it."""
        return masked_url(str(self.base_url))

    @property
    def shown_proxy(self) -> str | None:
        """The proxy without a password that may be in its URL."""
        return self.proxy and masked_url(self.proxy)

    @property
    def is_limited(self) -> bool:
        """Whether its calls are counted over the whole cluster."""
        per_minute = self.requests_per_minute or self.tokens_per_minute
        return bool(self.concurrency or per_minute or self.adaptive)

    @property
    def models_url(self) -> str:
        """Where it lists its models."""
        return places.models_url(self.type, str(self.base_url))

    def key_headers(self, key: str | None) -> tuple[tuple[str, str], ...]:
        """Return the header that carries the key: the one of its type, unless it names another."""
        return places.key_headers(self.type, self.api_key_header, key) if key else ()

    @property
    def root_url(self) -> str:
        """The base URL without the `/v1` that an OpenAI SDK wants at its end."""
        return str(self.base_url).rstrip("/").removesuffix("/v1")


#: The model that the jobs of our own engines are for.
MEDIA_MODEL: Final = written.MEDIA_MODEL
#: Our own engines, as a provider; it is always there, and in no list.
OWN_ENGINES: Final = Provider(
    name="replyto-engines",
    type="local",
    base_url=HttpUrl(NOWHERE),
    models={MEDIA_MODEL: MEDIA_MODEL},
    proxy="direct",
)


class Registry:
    """All providers, and which models they serve. Replaced as a whole when it changes."""

    def __init__(self, providers: Iterable[Provider]) -> None:
        self.providers = tuple(providers)

    def replace(self, providers: Iterable[Provider]) -> None:
        """Become the registry of these providers."""
        self.providers = tuple(providers)

    @property
    def models(self) -> list[str]:
        """Public names of the models that some enabled provider has, sorted."""
        return sorted({name for p in self.providers if p.enabled for name in p.models})

    @property
    def known_models(self) -> list[str]:
        """Public names of all models, also those of disabled providers, sorted."""
        return sorted({name for p in self.providers for name in p.models})

    def serving(self, model: str) -> list[Provider]:
        """Return the enabled providers of this model, best priority first, in file order."""
        if model == MEDIA_MODEL:
            return [OWN_ENGINES]
        able = [p for p in self.providers if p.enabled and model in p.models]
        return sorted(able, key=lambda provider: -provider.priority)

    def having(self, model: str) -> list[Provider]:
        """Return all providers that have this model, disabled ones too, in file order."""
        if model == MEDIA_MODEL:
            return [OWN_ENGINES]
        return [provider for provider in self.providers if model in provider.models]

    def named(self, name: str) -> Provider | None:
        """Return the provider of this name."""
        found = next((p for p in self.providers if p.name == name), None)
        return OWN_ENGINES if found is None and name == OWN_ENGINES.name else found


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    provider: list[Provider] = Field(default_factory=list)
    #: Read by `shared.providers.prices`.
    price: dict[str, Any] = Field(default_factory=dict)


def load_registry(path: Path) -> Registry:
    """Read `providers.toml`; a file that is not there has no providers.

    Raises SettingsError naming the entry and the field when something in it is wrong.
    """
    return Registry(read_file(path) or [])


def read_file(path: Path) -> list[Provider] | None:
    """Return the providers of the file; None when there is no file. Raises SettingsError."""
    content = read_providers_toml(path)
    if content is None:
        return None
    try:
        providers = _File.model_validate(content).provider
    except ValidationError as exc:
        raise SettingsError(f"{path}: {problem_of(exc, content, _FIELDS)}") from None
    names = [provider.name for provider in providers]
    for provider in providers:
        if names.count(provider.name) > 1:
            raise SettingsError(f"{path}: two providers are named '{provider.name}'")
        if provider.sealed_key is not None:
            raise SettingsError(f"{path}: {provider.name}: {_KEY_IN_FILE}")
        for name in open_secrets(provider.headers, provider.query):
            raise SettingsError(f"{path}: {provider.name}: {name}: {_WRITTEN_OUT}")
    return providers


_WRITTEN_OUT: Final = 'a secret belongs into the environment: write "env:NAME of its variable"'
_KEY_IN_FILE: Final = "sealed_key: name the key's variable with api_key_env"

#: What an entry may have, for who mistypes one.
_FIELDS: Final = (*Provider.model_fields, *ModelDefaults.model_fields, "preset")
