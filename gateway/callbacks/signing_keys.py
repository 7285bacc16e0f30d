"""What signs callbacks: which keys there are, a new secret, and the public keys for everybody."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, jsonify, request

from gateway.http.binding import bind
from gateway.http.routes import dto_response, dto_route
from gateway.services import services
from shared.callbacks.signing_keys import CallbackKey
from shared.dtos.callback_keys import (
    CallbackKeyRow,
    GetCallbackKeys,
    GetCallbackKeysResponse,
    RotateCallbackSecret,
    RotateCallbackSecretResponse,
)
from shared.dtos.moments import iso_date
from shared.security.signing import PrivateKey, SecretKey

blueprint = Blueprint("callback_keys", __name__)

#: How long a receiver may keep the public keys (seconds).
_PUBLIC_KEYS_AGE_S: Final = 300


@dto_route(blueprint, "GetCallbackKeys", "GET")
def find() -> Response:
    """List the keys that sign the caller's callbacks."""
    gateway, principal = services(), services().keys.authenticate(request)
    bind(GetCallbackKeys)
    rows = [_pair_row(pair) for pair in gateway.settings.private_keys]
    if gateway.settings.callback_signing != "asymmetric":
        rows = [*map(_secret_row, gateway.callback_keys.of(principal.owner)), *rows]
    return dto_response(GetCallbackKeysResponse(results=rows))


@dto_route(blueprint, "RotateCallbackSecret", "POST")
def rotate() -> Response:
    """Give the caller a new signing secret."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(RotateCallbackSecret)
    new = gateway.callback_keys.rotate(principal.owner, wanted.overlap_secs)
    response = dto_response(
        RotateCallbackSecretResponse(
            secret=new.secret,
            key_id=new.key_id,
            created_date=iso_date(new.created_ms),
            previous_expiry_date=iso_date(new.previous_expire_ms),
        )
    )
    response.headers["cache-control"] = "no-store"
    return response


@blueprint.get("/.well-known/webhook-keys")
def public_keys() -> Response:
    """Give receivers the public keys; empty unless callbacks are signed with key pairs."""
    pairs = services().settings.private_keys
    response = jsonify(
        keys=[
            {"id": pair.id, "algorithm": pair.algorithm, "publicKey": pair.public_key}
            for pair in pairs
        ]
    )
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
