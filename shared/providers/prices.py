"""What tokens cost: the `[price]` tables of `providers.toml`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from shared.providers.written.problems import problem_of
from shared.settings import SettingsError, read_providers_toml
from shared.wire.usage import Usage
from shared.written_path import file_problem

log = logging.getLogger(__name__)

#: Costs are kept in billionths of the currency unit: whole numbers add up without error.
NANOS: Final = 1_000_000_000

PerMillion = Annotated[float, Field(ge=0, le=1_000_000)]


class Price(BaseModel):
    """What a million tokens cost, a picture, and sound, in whatever currency is counted."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    input: PerMillion = 0.0
    output: PerMillion = 0.0
    #: Of prompt tokens that the provider had cached; as `input` when not given.
    cached: PerMillion | None = None
    #: Of a picture, of a million characters that are spoken, and of a minute that is heard.
    image: PerMillion = 0.0
    characters: PerMillion = 0.0
    audio_minute: PerMillion = 0.0

    def cost_nanos(self, usage: Usage) -> int:
        """Return what this usage costs, in billionths."""
        cached = min(usage.cached, usage.prompt)
        cached_price = self.input if self.cached is None else self.cached
        per_million = (
            (usage.prompt - cached) * self.input
            + cached * cached_price
            + usage.completion * self.output
        )
        per_million += usage.characters * self.characters
        each = usage.images * self.image + usage.audio_ms * self.audio_minute / 60_000
        return round(per_million * NANOS / 1_000_000 + each * NANOS)


class Prices:
    """Prices by model, or by one provider's model: `provider/model` goes before `model`."""

    def __init__(self, prices: Mapping[str, Price] | None = None) -> None:
        self._prices = dict(prices or {})

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int:
        """Return what this usage costs, in billionths; 0 for a model without a price."""
        price = self._prices.get(f"{provider}/{model}") or self._prices.get(model)
        return price.cost_nanos(usage) if price else 0

    def problem(self) -> str:
        """Return why these are not the prices of now; nothing if they are."""
        return ""

    def current(self) -> Prices:
        """Return the prices of this moment, which change no more: taken once for many jobs."""
        return self

    def knows(self, model: str, provider: str = "") -> bool:
        """Whether there is a price for the model; at this provider, or at any if none is named."""
        if model in self._prices:
            return True
        if provider:
            return f"{provider}/{model}" in self._prices
        return any(name.endswith(f"/{model}") for name in self._prices)


class FilePrices(Prices):
    """The prices of a file, followed: a change counts from then on."""

    def __init__(self, path: Path) -> None:
        """Raises SettingsError as `load_prices` does; later the last good prices stay."""
        self._path = path
        self._seen = _version(path)
        super().__init__(_read(path))
        self._was_there = self._seen is not None
        self._problem = ""

    def problem(self) -> str:
        """Return why prices are those of before; nothing while the file is what they are of."""
        self._follow()
        return self._problem

    def cost_nanos(self, provider: str, model: str, usage: Usage) -> int:
        """Return what this usage costs now."""
        self._follow()
        return super().cost_nanos(provider, model, usage)

    def current(self) -> Prices:
        """Return the prices that stand in the file now, or the last good ones."""
        self._follow()
        return Prices(self._prices)

    def _follow(self) -> None:
        version = _version(self._path)
        if version != self._seen:
            self._seen = version
            self._load()

    def _load(self) -> None:
        # One that never was there may come later; one that was is missed. Who reads a pipe waits
        # until somebody writes to it, and all of this process with it.
        is_judged = self._was_there or self._path.is_fifo()
        problem, prices = file_problem(self._path) if is_judged else "", self._prices
        try:
            prices = prices if problem else _read(self._path)
        except SettingsError as exc:
            problem = str(exc)
        if problem:
            if problem != self._problem:
                log.warning("prices unchanged: %s", problem)
            self._problem = problem
            return
        self._prices, self._problem = prices, ""
        self._was_there = self._seen is not None
        log.info("prices of %s: %s", self._path, len(self._prices))


def _version(path: Path) -> tuple[int, int, int, int] | None:
    """Return what changes when the file does; None when it is not there."""
    try:
        found = path.stat()
    except OSError:
        return None
    # When rights changed, too: one that could not be read can be now.
    return found.st_ino, found.st_mtime_ns, found.st_ctime_ns, found.st_size


class _File(BaseModel):
    price: dict[str, Price] = Field(default_factory=dict)


def load_prices(path: Path) -> Prices:
    """Read the prices in `providers.toml`; a file that is not there has none.

    Raises SettingsError naming the entry when something in it is wrong.
    """
    return Prices(_read(path))


def _read(path: Path) -> dict[str, Price]:
    content = read_providers_toml(path) or {}
    try:
        return _File.model_validate(content).price
    except ValidationError as exc:
        raise SettingsError(f"{path}: {problem_of(exc, content, Price.model_fields)}") from None
