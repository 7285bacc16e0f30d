"""The LLM providers an operator configured: `providers.toml`, read and checked."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, HttpUrl, ValidationError, field_validator

from shared.settings import SettingsError

Name = Annotated[str, Field(min_length=1, max_length=256)]


class Provider(BaseModel):
    """One configured LLM endpoint. `models` maps the public name to the provider's own."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Name
    type: Literal["openai", "ollama", "anthropic"] = "openai"
    base_url: HttpUrl
    api_key_env: str | None = None
    concurrency: int | None = Field(None, ge=1)
    priority: int = 0
    models: Mapping[Name, Name] = Field(min_length=1)
    enabled: bool = True

    @field_validator("models", mode="before")
    @classmethod
    def _list_means_same_names(cls, value: object) -> object:
        return {name: name for name in value} if isinstance(value, list) else value

    def endpoint(self, path: str) -> str:
        """Return the URL of `path` under the base URL, which is as an OpenAI SDK takes it."""
        return f"{str(self.base_url).rstrip('/')}/{path}"


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
