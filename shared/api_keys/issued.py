"""Issued keys as their admins make them, see them and look for them. Pure; times are unix ms."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from shared.api_keys.limits import Limits
from shared.api_keys.scopes import DEFAULT, Scope


@dataclass(frozen=True, slots=True)
class NewKey:
    """What a key is to be."""

    name: str
    user_id: str = ""
    user_name: str = ""
    scopes: frozenset[Scope] = DEFAULT
    models: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)
    notes: str = ""
    ref_id: str = ""
    meta: Mapping[str, str] = field(default_factory=dict)
    expires_ms: int = 0


@dataclass(frozen=True, slots=True)
class IssuedKey:
    """A key as its admins see it. `visible` is the beginning of its current secret."""

    id: int
    name: str
    owner: str
    user_id: str
    user_name: str
    notes: str
    ref_id: str
    scopes: frozenset[Scope]
    models: tuple[str, ...]
    limits: Limits
    meta: Mapping[str, str]
    created_ms: int
    expires_ms: int
    cancelled_ms: int
    last_used_ms: int
    revision: int
    visible: str = ""


@dataclass(frozen=True, slots=True)
class KeyFilter:
    """Which keys: None is any."""

    id: int | None = None
    name: str | None = None
    user_id: str | None = None
    ref_id: str | None = None
    with_cancelled: bool = False
