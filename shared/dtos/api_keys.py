"""DTOs to issue API keys, change, revoke, rotate and list them; and to read the audit log."""

from __future__ import annotations

from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, field_validator

from shared.api_keys.limits import NANOS, Limits
from shared.api_keys.scopes import Scope
from shared.codecs.moments import UnixMs
from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.fields import one_of, zero_is_absent
from shared.wire.queueing.tier import Tier

#: A secret that is brought along must be random and long, since it is kept as a fast hash.
_LEAST_SECRET = 32


def _split(value: object) -> object:
    """Read a list from a form or query string: names between commas."""
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()] or None
    return value or None


Text = Annotated[
    Annotated[str, Field(max_length=256, pattern=r"^[^\x00-\x1f\x7f]*$")] | None,
    BeforeValidator(zero_is_absent),
]
Notes = Annotated[str, Field(max_length=4096)] | None
Number = Annotated[Annotated[int, Field(ge=1, le=10**15)] | None, BeforeValidator(zero_is_absent)]
PerMinute = Annotated[
    Annotated[int, Field(ge=1, le=100_000)] | None, BeforeValidator(zero_is_absent)
]
KeyId = Annotated[int, Field(ge=1, le=2**53)]
Scopes = Annotated[list[Scope] | None, BeforeValidator(_split)]
Models = Annotated[
    Annotated[list[Annotated[str, Field(min_length=1, max_length=256)]], Field(max_length=200)]
    | None,
    BeforeValidator(_split),
]


class KeyLimits(Dto):
    """How much a key may take. Absent is without limit."""

    requests_per_minute: PerMinute = Field(None, description="Jobs accepted in any minute.")
    tokens_per_minute: Number = Field(None, description="Tokens taken in any minute.")
    concurrent_jobs: Number = Field(None, description="Jobs accepted and not ended.")
    queued_jobs: Number = Field(None, description="Jobs accepted and never started.")
    monthly_tokens: Number = Field(None, description="Tokens in a calendar month, UTC.")
    monthly_cost: Annotated[
        Annotated[float, Field(gt=0, le=1e6)] | None, BeforeValidator(zero_is_absent)
    ] = Field(None, description="Money in a calendar month, in the currency of the prices.")

    priority: Annotated[Tier | None, one_of(Tier)] = Field(
        None, description="The best `priority` of its jobs: `high` goes first, `low` last."
    )
    weight: Annotated[
        Annotated[int, Field(ge=1, le=100)] | None, BeforeValidator(zero_is_absent)
    ] = Field(None, description="Its owner's jobs in a row, where owners take turns.")
    wait_secs: Annotated[
        Annotated[int, Field(ge=1, le=3600)] | None, BeforeValidator(zero_is_absent)
    ] = Field(
        None,
        description="Wait for the limits by the minute, a synchronous call so long at most; "
        "absent: 429.",
    )

    def limits(self) -> Limits:
        """Return the limits that are said."""
        cost = self.monthly_cost
        return Limits(
            requests_per_minute=self.requests_per_minute,
            tokens_per_minute=self.tokens_per_minute,
            concurrent_jobs=self.concurrent_jobs,
            queued_jobs=self.queued_jobs,
            monthly_tokens=self.monthly_tokens,
            monthly_cost_nanos=None if cost is None else round(cost * NANOS),
            priority=None if self.priority is None else self.priority.rank,
            weight=self.weight,
            wait_secs=self.wait_secs,
        )


class _KeyFields(KeyLimits):
    # A limit under a name that nobody reads would be none.
    knows_all = True

    user_name: Text = Field(None, description="Shown beside the key.")
    scopes: Scopes = Field(None, description="What it may do. Default: chat, read.")
    models: Models = Field(None, description="Models it may use; `*` is any characters.")
    expiry_date: UnixMs = Field(None, description="When it ends. Default: never.")
    notes: Notes = Field(None, description="For people.")
    meta: dict[str, str] | None = Field(None, description="For programs.")

    @field_validator("scopes", mode="before")
    @classmethod
    def _any_casing(cls, value: Any) -> Any:
        names = _split(value)
        if not isinstance(names, list):
            return names
        known = {scope.value for scope in Scope}
        unknown = [str(name) for name in names if str(name).lower() not in known]
        if unknown:
            raise ValueError(f"there is no scope '{unknown[0]}'; there are {', '.join(Scope)}")
        return [str(name).lower() for name in names]


class CreateApiKey(_KeyFields):
    """Issue an API key. Its secret is shown once, in the answer."""

    name: Annotated[str, Field(min_length=1, max_length=256, pattern=r"^[^\x00-\x1f\x7f]+$")]
    key: Annotated[str | None, BeforeValidator(zero_is_absent)] = Field(
        None, description="A secret to bring along, random and of 32 characters at least."
    )
    user_id: Text = Field(None, description="Keys of the same user share their jobs.")
    ref_id: Annotated[str | None, BeforeValidator(lambda v: None if v in ("", 0) else str(v))] = (
        Field(None, max_length=256, description="Your own name for the key.")
    )
    ref_id_str: Text = Field(None, description="The same, as AI Server calls it.")

    @field_validator("key")
    @classmethod
    def _is_long(cls, key: str | None) -> str | None:
        if key is None or (_LEAST_SECRET <= len(key) <= 256 and _is_plain(key)):  # noqa: PLR2004
            return key
        raise ValueError(f"use {_LEAST_SECRET} to 256 random letters and digits, best none at all")


class UpdateApiKey(_KeyFields):
    """Change a key. What is absent stays; what is named in `reset` is taken away."""

    id: KeyId
    name: Text = Field(None, description="Its name.")
    reset: Annotated[list[str] | None, BeforeValidator(_split)] = Field(
        None, description="Fields to take away, such as expiryDate or tokensPerMinute."
    )


class RevokeApiKey(Dto):
    """End a key for good."""

    id: KeyId


class RotateApiKey(Dto):
    """Give a key another secret."""

    id: KeyId
    grace_secs: Annotated[int, Field(ge=0, le=90 * 86_400)] = Field(
        0, description="How long the secrets it has go on working."
    )


class GetMyKey(Dto):
    """Tell the caller what its own key may do, and what it has taken of its limits."""


class KeyTaken(Dto):
    """What a key has taken; this month's (UTC) is that of all keys of its owner without limits."""

    requests: int = Field(0, description="In the last minute.")
    tokens: int = Field(0, description="In the last minute.")
    live_jobs: int = Field(0, description="Accepted and not ended.")
    month_tokens: int = 0
    month_cost: float = 0.0


class GetMyKeyResponse(KeyLimits):
    """The key. Its limits are beside what was taken of them."""

    name: str
    owner: str = Field(description="Under which its jobs are kept.")
    scopes: list[str]
    models: list[str] | None = Field(None, description="Absent: all.")
    expiry_date: str | None = None
    taken: KeyTaken


class Page(Dto):
    """Which part of a list."""

    skip: Annotated[int, Field(ge=0)] = Field(0, description="How many to leave out.")
    take: Annotated[int, Field(ge=1, le=1000)] = Field(100, description="How many at most.")


class QueryApiKeys(Page):
    """List keys, newest first."""

    id: Annotated[KeyId | None, BeforeValidator(zero_is_absent)] = None
    name: Text = None
    user_id: Text = None
    ref_id: Text = None
    include_cancelled: bool = Field(default=False, description="Revoked ones too.")


class ApiKeyRow(Dto):
    """A key, without its secret."""

    id: int
    name: str
    owner: str = Field(description="Under which its jobs are kept.")
    user_id: str | None = None
    user_name: str | None = None
    visible_key: str = Field(description="The beginning of its secret.")
    scopes: list[str]
    models: list[str] | None = None
    requests_per_minute: int | None = None
    tokens_per_minute: int | None = None
    concurrent_jobs: int | None = None
    queued_jobs: int | None = None
    monthly_tokens: int | None = None
    monthly_cost: float | None = None
    priority: Tier | None = None
    weight: int | None = None
    wait_secs: int | None = None
    created_date: str
    expiry_date: str | None = None
    cancelled_date: str | None = None
    last_used_date: str | None = Field(None, description="To about a minute.")
    notes: str | None = None
    ref_id: str | None = None
    meta: dict[str, str] | None = None


class CreateApiKeyResponse(ApiKeyRow):
    """A key with its secret, which is shown here only."""

    key: str
    response_status: ResponseStatus | None = None

    @classmethod
    def of(cls, row: ApiKeyRow, key: str) -> Self:
        """Return the key with its secret."""
        return cls(**row.model_dump(), key=key)


class ApiKeyResponse(Dto):
    """A key as it is now."""

    result: ApiKeyRow
    response_status: ResponseStatus | None = None


class QueryApiKeysResponse(Dto):
    """A page of keys."""

    offset: int
    total: int
    results: list[ApiKeyRow]
    response_status: ResponseStatus | None = None


class QueryAuditLog(Page):
    """List what admins did, newest first."""

    actor: Text = Field(None, description="`admin`, or a key such as `key_7`.")
    action: Text = Field(None, description="A DTO, such as RevokeApiKey.")
    target: Text = Field(None, description="On what, such as `key_7`.")
    from_: UnixMs = Field(None, alias="from")
    to: UnixMs = None


class AuditRow(Dto):
    """One action."""

    id: int
    date: str
    actor: str
    action: str
    target: str
    changes: dict[str, Any]
    request_id: str
    address: str


class QueryAuditLogResponse(Dto):
    """A page of the audit log."""

    offset: int
    total: int
    results: list[AuditRow]
    response_status: ResponseStatus | None = None


def _is_plain(text: str) -> bool:
    return text.isascii() and text.isprintable() and " " not in text
