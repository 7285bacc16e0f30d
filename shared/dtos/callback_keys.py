"""DTOs about what signs callbacks."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from shared.dtos.base import Dto, ResponseStatus


class GetCallbackKeys(Dto):
    """List the keys that sign the caller's callbacks; never the secrets themselves."""


class RotateCallbackSecret(Dto):
    """Get a new signing secret; the one before it signs too until it expires."""

    overlap_secs: Annotated[int, Field(ge=0, le=604_800)] = Field(
        86_400, description="How long the old secret still signs; 0 when it has leaked."
    )


class CallbackKeyRow(Dto):
    """One key."""

    id: str = Field(description="What the log of deliveries calls it.")
    algorithm: str = Field(description="hmac-sha256 (v1), or ed25519 (v1a).")
    public_key: str | None = Field(None, description="Of ed25519: `whpk_` and base64.")
    created_date: str | None = Field(None, description="When it was made, if that is known.")
    expiry_date: str | None = Field(None, description="When it stops signing, if it does.")


class GetCallbackKeysResponse(Dto):
    """The keys, the newest first. Each adds a signature to the header."""

    results: list[CallbackKeyRow]
    response_status: ResponseStatus | None = None


class RotateCallbackSecretResponse(Dto):
    """The new secret: shown this once."""

    secret: str = Field(description="`whsec_` and base64. Keep it; it is not shown again.")
    key_id: str
    created_date: str
    previous_expiry_date: str = Field(description="When the secrets before it stop signing.")
    response_status: ResponseStatus | None = None
