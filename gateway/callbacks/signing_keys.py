"""What signs callbacks: which keys there are, a new secret, and the public keys for everybody."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response

from gateway.http.response import JsonResponse
from gateway.http.routes import Call, route
from shared.callbacks.signing_keys import CallbackKey
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.callbacks import (
    CallbackKeyRow,
    GetCallbackKeys,
    GetCallbackKeysResponse,
    RotateCallbackSecret,
    RotateCallbackSecretResponse,
)
from shared.dtos.service import GetWebhookKeys, WebhookKey, WebhookKeys
from shared.security.signing import PrivateKey, SecretKey

blueprint = Blueprint("callback_keys", __name__)

#: How long a receiver may keep the public keys (seconds).
_PUBLIC_KEYS_AGE_S: Final = 300


@route(blueprint, catalog.CALLBACK_KEYS)
def find(call: Call[GetCallbackKeys]) -> GetCallbackKeysResponse:
    """List the keys that sign the caller's callbacks."""
    gateway, principal = call.services, call.principal
    rows = [_pair_row(pair) for pair in gateway.settings.private_keys]
    if gateway.settings.callback_signing != "asymmetric":
        rows = [*map(_secret_row, gateway.callbacks.keys.of(principal.owner)), *rows]
    return GetCallbackKeysResponse(results=rows)


@route(blueprint, catalog.ROTATE_CALLBACK_SECRET)
def rotate(call: Call[RotateCallbackSecret]) -> Response:
    """Give the caller a new signing secret."""
    gateway, principal, wanted = call.services, call.principal, call.request
    new = gateway.callbacks.keys.rotate(principal.owner, wanted.overlap_secs)
    response = JsonResponse(
        RotateCallbackSecretResponse(
            secret=new.secret,
            key_id=new.key_id,
            created_date=iso_date(new.created_ms),
            previous_expiry_date=iso_date(new.previous_expire_ms),
        ).to_json()
    )
    response.headers["cache-control"] = "no-store"
    return response


@route(blueprint, catalog.WEBHOOK_KEYS)
def public_keys(call: Call[GetWebhookKeys]) -> Response:
    """Give receivers the public keys; empty unless callbacks are signed with key pairs."""
    pairs = call.services.settings.private_keys
    rows = [WebhookKey(id=p.id, algorithm=p.algorithm, public_key=p.public_key) for p in pairs]
    response = JsonResponse(WebhookKeys(keys=rows).to_json())
    response.headers["cache-control"] = f"public, max-age={_PUBLIC_KEYS_AGE_S}"
    return response


def _secret_row(known: CallbackKey) -> CallbackKeyRow:
    return CallbackKeyRow(
        id=known.key.id,
        algorithm=SecretKey.algorithm,
        created_date=iso_date(known.created_ms) if known.created_ms else None,
        expiry_date=iso_date(known.expires_ms) if known.expires_ms else None,
    )


def _pair_row(pair: PrivateKey) -> CallbackKeyRow:
    return CallbackKeyRow(id=pair.id, algorithm=pair.algorithm, public_key=pair.public_key)
