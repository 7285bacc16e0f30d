"""Reads the models of a provider as a file has them: names, tables with defaults, engines. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.media.engines import ENGINES
from shared.operation import OPERATIONS_BY_TYPE, Operation

#: The model that the jobs of our own engines are for. No provider of the operator's has it.
MEDIA_MODEL: Final = "replyto-media"
#: Whose models all do the same, whatever their names.
DRAWS_BY_ANY_MODEL: Final = ("automatic1111", "comfyui")
#: Fields that were added after others were kept, and what stands for not declaring them.
_LATE: Final[Mapping[str, tuple[Any, ...]]] = {
    "operations": ((), []),
    "model_operations": ({},),
    "batch": (False,),
    "adaptive": (False,),
    "batch_price": (0.5,),
    "metrics_url": (None,),
    "metrics_gauges": ((), []),
}
_TRANSFORMS: Final = frozenset((Operation.TRANSFORM, Operation.IMAGE_UPSCALE))


class ModelDefaults(BaseModel):
    """What a request to a model gets when its client did not say it."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float | None = Field(None, ge=0)
    max_tokens: int | None = Field(None, ge=1)
    body: Mapping[str, Any] = Field(default_factory=dict)

    @property
    def members(self) -> dict[str, Any]:
        """All of them by their names in a request."""
        own = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        return {**self.body, **{name: value for name, value in own.items() if value is not None}}


def split_tables(values: dict[str, Any]) -> dict[str, Any]:
    """Return a provider's fields with what its models' tables say in fields of their own."""
    models = values.get("models")
    if not isinstance(models, dict):
        return values
    tables = {name: told for name, told in models.items() if isinstance(told, dict)}
    if not tables:
        return values
    names = {name: told.get("model", name) for name, told in tables.items()}
    operations = {n: told["operations"] for n, told in tables.items() if "operations" in told}
    defaults = {
        name: {key: part for key, part in told.items() if key not in ("model", "operations")}
        for name, told in tables.items()
    }
    return {
        **values,
        "models": {**models, **names},
        "defaults": {
            **{name: told for name, told in defaults.items() if told},
            **values.get("defaults", {}),
        },
        "model_operations": {**operations, **values.get("model_operations", {})},
    }


def without_undeclared(dumped: dict[str, Any]) -> dict[str, Any]:
    """Return a provider's fields without those that are not declared."""
    return {name: value for name, value in dumped.items() if value not in _LATE.get(name, ())}


def with_pair(values: dict[str, Any]) -> dict[str, Any]:
    """Return a provider's fields with a pair of files as the certificate and its key."""
    pair = values.get("client_cert")
    if not isinstance(pair, list) or len(pair) != 2:  # noqa: PLR2004 - a pair
        return values
    return {**values, "client_cert": pair[0], "client_key": pair[1]}


def check_engines(models: Mapping[str, str]) -> None:
    """Raise ValueError for a model of type `local` that is no engine of ours."""
    for own in models.values():
        if own not in ENGINES and own != MEDIA_MODEL:
            raise ValueError(f"models: type 'local' has {', '.join(ENGINES)}, and no '{own}'")


def operations_of(kind: str, own_name: str) -> Collection[Operation]:
    """Return what a provider of this type can be asked of a model, if nobody says otherwise."""
    if kind != "local" or not own_name:
        return OPERATIONS_BY_TYPE[kind]
    engine = ENGINES.get(own_name)
    return engine.operations if engine else _TRANSFORMS
