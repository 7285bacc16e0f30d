"""Between the DTOs of keys and the book of keys. Pure."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, Final

from shared.api_keys.issued import IssuedKey, NewKey
from shared.api_keys.limits import NANOS, Limits
from shared.api_keys.scopes import DEFAULT
from shared.codecs.moments import iso_date
from shared.dtos.api_keys import ApiKeyRow, CreateApiKey, KeyLimits, UpdateApiKey
from shared.dtos.base import Dto
from shared.errors import ValidationFailed
from shared.wire.naming import fold
from shared.wire.queueing.tier import tier_of_rank

#: Where a field of the DTO is kept, if not under its own name; and what it is when taken away.
_PLAIN: Final[dict[str, tuple[str, Any]]] = {
    "user_name": ("user_name", ""),
    "notes": ("notes", ""),
    "expiry_date": ("expires_ms", 0),
    "scopes": ("scopes", DEFAULT),
    "models": ("models", ()),
    "meta": ("meta", {}),
}
_LIMITS: Final = frozenset(KeyLimits.model_fields)


def new_key(wanted: CreateApiKey, now_ms: int) -> NewKey:
    """Return the key that is asked for. Raises ValidationFailed for one that has ended by now."""
    if wanted.expiry_date is not None and wanted.expiry_date <= now_ms:
        raise ValidationFailed("expiryDate: lies in the past.", field="expiryDate")
    return NewKey(
        name=wanted.name,
        user_id=wanted.user_id or "",
        user_name=wanted.user_name or "",
        scopes=frozenset(wanted.scopes) if wanted.scopes else DEFAULT,
        models=tuple(wanted.models or ()),
        limits=wanted.limits(),
        notes=wanted.notes or "",
        ref_id=wanted.ref_id or wanted.ref_id_str or "",
        meta=wanted.meta or {},
        expires_ms=wanted.expiry_date or 0,
    )


def changed_fields(wanted: UpdateApiKey, before: IssuedKey) -> dict[str, Any]:
    """Return the columns that change, with their new values. Raises ValidationFailed."""
    reset = _reset(wanted)
    values = {column: empty for name, (column, empty) in _PLAIN.items() if name in reset}
    if wanted.name:
        values["name"] = wanted.name
    for name, (column, _) in _PLAIN.items():
        value = getattr(wanted, name)
        if value is not None:
            values[column] = frozenset(value) if name == "scopes" else value
    limits = _limits(wanted, before.limits, reset)
    return values if limits == before.limits else {**values, "limits": limits}


def _limits(wanted: UpdateApiKey, before: Limits, reset: set[str]) -> Limits:
    gone = {"monthly_cost_nanos" if name == "monthly_cost" else name for name in reset}
    kept = {name: value for name, value in before.to_dict().items() if name not in gone}
    return Limits.from_mapping({**kept, **wanted.limits().to_dict()})


def _reset(wanted: UpdateApiKey) -> set[str]:
    own = {fold(name): name for name in (*_PLAIN, *_LIMITS)}
    names = {name: own.get(fold(name)) for name in wanted.reset or ()}
    for name, known in names.items():
        if known is None:
            raise ValidationFailed(f"reset: '{name}' cannot be taken away.", field="reset")
    return {known for known in names.values() if known}


def given_fields(wanted: Dto) -> dict[str, Any]:
    """Return what a request says, for the audit log, which takes the secrets out."""
    return wanted.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"id"})


def key_row(key: IssuedKey) -> ApiKeyRow:
    """Return a key as it is shown."""
    limits = asdict(key.limits)
    cost, rank = limits.pop("monthly_cost_nanos"), limits.pop("priority")
    return ApiKeyRow(
        id=key.id,
        name=key.name,
        owner=key.owner,
        user_id=key.user_id or None,
        user_name=key.user_name or None,
        visible_key=key.visible,
        scopes=sorted(key.scopes),
        models=list(key.models) or None,
        **limits,
        monthly_cost=None if cost is None else cost / NANOS,
        priority=None if rank is None else tier_of_rank(rank),
        created_date=iso_date(key.created_ms),
        expiry_date=_date(key.expires_ms),
        cancelled_date=_date(key.cancelled_ms),
        last_used_date=_date(key.last_used_ms),
        notes=key.notes or None,
        ref_id=key.ref_id or None,
        meta=dict(key.meta) or None,
    )


def _date(moment_ms: int) -> str | None:
    return iso_date(moment_ms) if moment_ms else None
