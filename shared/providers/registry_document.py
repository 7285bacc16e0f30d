"""The live registry as a document, and each way in which it changes. Pure.

A provider comes from the file or from the API. Seeding makes those of the file follow the file and
leaves alone what the API made, changed or deleted; applying makes the registry equal the file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from pydantic import BaseModel, ConfigDict, Field

from shared.providers.provider import Provider
from shared.security.masked_url import masked_url


class Origin(StrEnum):
    """Who has the last word on a provider."""

    FILE = "file"
    API = "api"


class Entry(BaseModel):
    """A provider in the registry. `created_ms` is unix milliseconds."""

    model_config = ConfigDict(frozen=True)

    id: int
    provider: Provider
    origin: Origin
    created_ms: int


class RegistryDocument(BaseModel):
    """All entries. `deleted` names providers of the file that the API has taken away."""

    model_config = ConfigDict(frozen=True)

    last_id: int = 0
    entries: tuple[Entry, ...] = ()
    deleted: tuple[str, ...] = Field(default=())

    @property
    def providers(self) -> list[Provider]:
        """The providers in their order."""
        return [entry.provider for entry in self.entries]

    def entry(self, name: str) -> Entry | None:
        """Return the entry of the provider of this name."""
        return next((entry for entry in self.entries if entry.provider.name == name), None)

    def by_id(self, entry_id: int) -> Entry | None:
        """Return the entry with this id."""
        return next((entry for entry in self.entries if entry.id == entry_id), None)


def seeded(document: RegistryDocument, file: Iterable[Provider], now_ms: int) -> RegistryDocument:
    """Return the document with the file's providers followed, where the API has no word."""
    wanted = {provider.name: provider for provider in file}
    kept = document
    for entry in document.entries:
        if entry.origin is Origin.FILE and entry.provider.name not in wanted:
            kept = _without(kept, entry.provider.name)
    for provider in wanted.values():
        known = kept.entry(provider.name)
        if known is None and provider.name not in kept.deleted:
            kept = _added(kept, provider, Origin.FILE, now_ms)
        elif known is not None and known.origin is Origin.FILE:
            kept = _replaced(kept, known, provider, Origin.FILE)
    return kept


def applied(document: RegistryDocument, file: Iterable[Provider], now_ms: int) -> RegistryDocument:
    """Return the document made equal to the file; who stays keeps id and date."""
    result = RegistryDocument(last_id=document.last_id)
    for provider in file:
        known = document.entry(provider.name)
        if known is None:
            result = _added(result, provider, Origin.FILE, now_ms)
        else:
            entry = known.model_copy(update={"provider": provider, "origin": Origin.FILE})
            result = result.model_copy(update={"entries": (*result.entries, entry)})
    return result


def added(document: RegistryDocument, provider: Provider, now_ms: int) -> RegistryDocument:
    """Return the document with a new provider of the API."""
    return _added(document, provider, Origin.API, now_ms)


def changed(document: RegistryDocument, entry_id: int, provider: Provider) -> RegistryDocument:
    """Return the document with the entry's provider replaced; from now on it is the API's."""
    entry = document.by_id(entry_id)
    return _replaced(document, entry, provider, Origin.API) if entry else document


def removed(document: RegistryDocument, name: str) -> RegistryDocument:
    """Return the document without the provider; the file does not bring it back."""
    gone = _without(document, name)
    deleted = tuple(sorted({*document.deleted, name}))
    return gone.model_copy(update={"deleted": deleted})


@dataclass(frozen=True, slots=True)
class Difference:
    """What `apply` would do to one provider; `fields` says what changes: name, from, to."""

    name: str
    kind: str
    fields: tuple[tuple[str, Any, Any], ...] = ()


def differences(document: RegistryDocument, file: Iterable[Provider]) -> list[Difference]:
    """Return what applying the file would change: 'add', 'remove' or 'change'."""
    wanted = {provider.name: provider for provider in file}
    rows = []
    for name, provider in wanted.items():
        known = document.entry(name)
        if known is None:
            rows.append(Difference(name, "add"))
        elif fields := _changes(known.provider, provider):
            rows.append(Difference(name, "change", fields))
    gone = [p.name for p in document.providers if p.name not in wanted]
    return [*rows, *(Difference(name, "remove") for name in gone)]


def _changes(old: Provider, new: Provider) -> tuple[tuple[str, Any, Any], ...]:
    before, after = old.model_dump(mode="json"), new.model_dump(mode="json")
    return tuple(
        (name, shown(name, before.get(name)), shown(name, after.get(name)))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    )


def shown(name: str, value: Any) -> Any:
    """Return a field's value; what is a key, or may be one, is not shown, sealed or not."""
    if name in _URLS and isinstance(value, str):
        return masked_url(value)
    return "(not shown)" if name in _SECRET and value else value


_SECRET: Final = ("sealed_key", "headers", "query")
_URLS: Final = ("base_url", "heartbeat_url", "metrics_url", "proxy")


def _added(
    document: RegistryDocument, provider: Provider, origin: Origin, now_ms: int
) -> RegistryDocument:
    entry_id = document.last_id + 1
    entry = Entry(id=entry_id, provider=provider, origin=origin, created_ms=now_ms)
    deleted = tuple(name for name in document.deleted if name != provider.name)
    return document.model_copy(
        update={
            "last_id": entry_id,
            "entries": (*document.entries, entry),
            "deleted": deleted,
        }
    )


def _replaced(
    document: RegistryDocument, old: Entry, provider: Provider, origin: Origin
) -> RegistryDocument:
    new = old.model_copy(update={"provider": provider, "origin": origin})
    entries = tuple(new if entry.id == old.id else entry for entry in document.entries)
    return document.model_copy(update={"entries": entries})


def _without(document: RegistryDocument, name: str) -> RegistryDocument:
    entries = tuple(entry for entry in document.entries if entry.provider.name != name)
    return document.model_copy(update={"entries": entries})
