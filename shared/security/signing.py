"""Signs callbacks as the Standard Webhooks specification says, with shared secrets or key pairs.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64decode, b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Protocol

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from standardwebhooks.webhooks import Webhook

PRIVATE_KEY_PREFIX: Final = "whsk_"
PUBLIC_KEY_PREFIX: Final = "whpk_"

_SEED_BYTES: Final = 32
#: A private key may be written with its public half behind it, as other senders do.
_PAIR_BYTES: Final = 64


class SigningKey(Protocol):
    """What signs a callback. `id` names it in logs and says nothing about it."""

    @property
    def id(self) -> str:
        """The key's name."""

    def sign(self, webhook_id: str, timestamp_s: int, body: bytes) -> str:
        """Return the signature with its version: `v1,…` or `v1a,…`."""


class SecretKey:
    """A secret shared with the receiver, `whsec_` + base64: HMAC-SHA256."""

    algorithm: Final = "hmac-sha256"

    def __init__(self, secret: str) -> None:
        self._webhook = Webhook(secret)
        self.id = _key_id(secret.encode())

    def sign(self, webhook_id: str, timestamp_s: int, body: bytes) -> str:
        """Return `v1,` + base64 of the code."""
        moment = datetime.fromtimestamp(timestamp_s, tz=UTC)
        return self._webhook.sign(webhook_id, moment, body.decode("utf-8"))


class PrivateKey:
    """A private key, `whsk_` + base64 of its 32-byte seed: ed25519.

    Raises ValueError when the text is none.
    """

    algorithm: Final = "ed25519"

    def __init__(self, text: str) -> None:
        self._key = Ed25519PrivateKey.from_private_bytes(_seed(text))
        public = self._key.public_key().public_bytes_raw()
        self.public_key: str = PUBLIC_KEY_PREFIX + b64encode(public).decode()
        self.id = _key_id(public)

    def sign(self, webhook_id: str, timestamp_s: int, body: bytes) -> str:
        """Return `v1a,` + base64 of the signature."""
        signature = self._key.sign(b"%s.%d.%s" % (webhook_id.encode(), timestamp_s, body))
        return f"v1a,{b64encode(signature).decode()}"


def new_private_key() -> str:
    """Return a fresh private key in Standard Webhooks' form."""
    seed = Ed25519PrivateKey.generate().private_bytes_raw()
    return PRIVATE_KEY_PREFIX + b64encode(seed).decode()


def message_id(job_id: int, generation: int = 0, epoch: str = "") -> str:
    """Return the `webhook-id` of a job's callback: the same for every attempt and replay.

    A job that was retried after its end has another result, so another id: never two bodies under
    one. A Redis that lost its last moments gives ids again, in another epoch; jobs of earlier
    versions have none. No full stop: it separates what is signed.
    """
    number = f"{job_id}_{generation + 1}" if generation else f"{job_id}"
    return f"msg_{epoch}_{number}" if epoch else f"msg_{number}"


def signature_headers(
    keys: Sequence[SigningKey], webhook_id: str, timestamp_s: int, body: bytes
) -> dict[str, str]:
    """Return the three signature headers; `body` is UTF-8, `timestamp_s` is unix seconds.

    One signature a key, with spaces between: a receiver takes the callback if one of them verifies.
    """
    signatures = (key.sign(webhook_id, timestamp_s, body) for key in keys)
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp_s),
        "webhook-signature": " ".join(signatures),
    }


def _seed(text: str) -> bytes:
    try:
        raw = b64decode(text.removeprefix(PRIVATE_KEY_PREFIX), validate=True)
    except ValueError:
        raw = b""
    if not text.startswith(PRIVATE_KEY_PREFIX) or len(raw) not in (_SEED_BYTES, _PAIR_BYTES):
        raise ValueError("must be 'whsk_' and base64 of 32 or 64 bytes")
    return raw[:_SEED_BYTES]


def _key_id(material: bytes) -> str:
    # Of 24 random bytes or more: the name gives nothing away, and each machine finds the same one.
    return "key_" + hmac.new(material, b"replyto callback key", hashlib.sha256).hexdigest()[:12]
