"""The LLM providers an operator configured: `providers.toml`, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    HttpUrl,
    ValidationError,
    field_validator,
    model_validator,
)

from shared import provider_presets
from shared.operation import OPERATIONS_BY_TYPE, Operation
from shared.provider_extras import HeaderName, Headers, Query
from shared.settings import SettingsError

Name = Annotated[str, Field(min_length=1, max_length=256)]


class Provider(BaseModel):
    """One configured LLM endpoint. `models` maps the public name to the provider's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    type: Literal["openai", "ollama", "anthropic"] = "openai"
    base_url: HttpUrl
    api_key_env: str | None = None
    #: The header that carries the key; None for the one that is usual for the type.
    api_key_header: HeaderName | None = None
    headers: Headers = Field(default_factory=dict)
    query: Query = Field(default_factory=dict)
    concurrency: int | None = Field(None, ge=1)
    priority: int = 0
    models: Mapping[Name, Name] = Field(min_length=1)
    enabled: bool = True

    @model_validator(mode="before")
    @classmethod
    def _preset_fills_what_is_not_given(cls, values: Any) -> Any:
        return provider_presets.filled(values) if isinstance(values, dict) else values

    @field_validator("models", mode="before")
    @classmethod
    def _list_means_same_names(cls, value: object) -> object:
        return {name: name for name in value} if isinstance(value, list) else value

    def can(self, operation: Operation) -> bool:
        """Whether providers of this type can be asked that."""
        return operation in OPERATIONS_BY_TYPE[self.type]

    def endpoint(self, path: str) -> str:
        """Return the URL of `path` under the base URL, which is as an OpenAI SDK takes it."""
        return f"{str(self.base_url).rstrip('/')}/{path}"

    @property
    def models_url(self) -> str:
        """Where it lists its models, as OpenAI does."""
        return self.endpoint("models") if self.type == "openai" else f"{self.root_url}/v1/models"

    def key_headers(self, key: str | None) -> tuple[tuple[str, str], ...]:
        """Return the header that carries the key: the one of its type, unless it names another."""
        if not key:
            return ()
        if self.api_key_header:
            return ((self.api_key_header, key),)
        if self.type == "anthropic":
            return (("x-api-key", key),)
        return (("Authorization", f"Bearer {key}"),)

    @property
    def root_url(self) -> str:
        """The base URL without the `/v1` that an OpenAI SDK wants at its end."""
        return str(self.base_url).rstrip("/").removesuffix("/v1")


class Registry:
    """All providers, and which models they serve."""

    def __init__(self, providers: list[Provider]) -> None:
        self.providers = tuple(providers)

    @property
    def models(self) -> list[str]:
        """Public names of the models that some enabled provider has, sorted."""
        return sorted({name for p in self.providers if p.enabled for name in p.models})

    def serving(self, model: str) -> list[Provider]:
        """Return the enabled providers of this model, best priority first, in file order."""
        able = [p for p in self.providers if p.enabled and model in p.models]
        return sorted(able, key=lambda provider: -provider.priority)

    def named(self, name: str) -> Provider | None:
        """Return the provider of this name."""
        return next((p for p in self.providers if p.name == name), None)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    provider: list[Provider] = Field(default_factory=list)
    #: Read by `shared.prices`.
    price: dict[str, Any] = Field(default_factory=dict)


def load_registry(path: Path) -> Registry:
    """Read `providers.toml`; a file that is not there has no providers.

    Raises SettingsError naming the entry and the field when something in it is wrong.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
        providers = _File.model_validate(content).provider
    except FileNotFoundError:
        return Registry([])
    except tomllib.TOMLDecodeError as exc:
        raise SettingsError(f"{path}: {exc}") from exc
    except ValidationError as exc:
        first = exc.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise SettingsError(f"{path}: {where}: {first['msg']}") from None
    names = [provider.name for provider in providers]
    for name in names:
        if names.count(name) > 1:
            raise SettingsError(f"{path}: two providers are named '{name}'")
    return Registry(providers)
