"""Tells whether a callback is genuine: Standard Webhooks' signatures, and their time.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Callable, Iterable, Mapping

#: How far a callback's time may be from ours (seconds).
TOLERANCE_S = 300
_SECRET, _PUBLIC_KEY = "whsec_", "whpk_"
_REQUIRED = ("webhook-id", "webhook-timestamp", "webhook-signature")


class NotGenuine(Exception):
    """The callback was not made by who has the secret, or not now."""


def verify(
    keys: str | Iterable[str],
    headers: Mapping[str, str],
    body: bytes,
    *,
    now_s: float | None = None,
) -> str:
    """Return the `webhook-id` of a genuine callback; `body` is its bytes as they came.

    `keys` are secrets (`whsec_…`) or public keys (`whpk_…`, with the extra `ed25519`): several
    while one takes the place of another. Raises NotGenuine, and ValueError for a key that is none.
    """
    given = {name.lower(): value.strip() for name, value in headers.items()}
    if missing := [name for name in _REQUIRED if not given.get(name)]:
        raise NotGenuine(f"missing header: {', '.join(missing)}")
    webhook_id, timestamp, told = (given[name] for name in _REQUIRED)
    _check_time(timestamp, time.time() if now_s is None else now_s)
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    signatures = [one.partition(",") for one in told.split()]
    for key in [keys] if isinstance(keys, str) else keys:
        version, fits = _verifier(key)
        if any(fits(signed, sig) for kind, _, sig in signatures if kind == version):
            return webhook_id
    raise NotGenuine("no signature fits")


def _check_time(timestamp: str, now_s: float) -> None:
    if not (timestamp.isascii() and timestamp.isdigit()):
        raise NotGenuine("webhook-timestamp is no number of seconds")
    if abs(int(timestamp[:20]) - now_s) > TOLERANCE_S:
        raise NotGenuine("webhook-timestamp is too far from now")


def _verifier(key: str) -> tuple[str, Callable[[bytes, str], bool]]:
    if key.startswith(_PUBLIC_KEY):
        return "v1a", _by_public_key(_decoded(key.removeprefix(_PUBLIC_KEY)))
    return "v1", _by_secret(_decoded(key.removeprefix(_SECRET)))


def _decoded(text: str) -> bytes:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if not raw:
        raise ValueError("the key is no whsec_ secret and no whpk_ public key")
    return raw


def _by_secret(secret: bytes) -> Callable[[bytes, str], bool]:
    def fits(signed: bytes, signature: str) -> bool:
        code = base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest())
        return hmac.compare_digest(code, signature.encode())

    return fits


def _by_public_key(raw: bytes) -> Callable[[bytes, str], bool]:
    from cryptography.exceptions import InvalidSignature  # noqa: PLC0415 - an extra
    from cryptography.hazmat.primitives.asymmetric.ed25519 import (  # noqa: PLC0415
        Ed25519PublicKey,
    )

    key = Ed25519PublicKey.from_public_bytes(raw)

    def fits(signed: bytes, signature: str) -> bool:
        try:
            key.verify(base64.b64decode(signature, validate=True), signed)
        except (InvalidSignature, ValueError):
            return False
        return True

    return fits
