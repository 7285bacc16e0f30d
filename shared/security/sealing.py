"""Seals secrets that must be kept but never shown: provider keys, callback secrets.

What is sealed can be read with `REPLYTO_ENCRYPTION_KEY` alone; Redis, a backup or the database
do not give it away. The form is Fernet's (AES-128-CBC with HMAC-SHA256,
https://github.com/fernet/spec).
"""

from __future__ import annotations

from cryptography.fernet import Fernet, InvalidToken


class NotSealedHere(Exception):
    """What was to be opened was sealed with another key, or is damaged."""


def new_encryption_key() -> str:
    """Return a fresh key: 256 random bits in URL-safe base64."""
    return Fernet.generate_key().decode()


def is_encryption_key(text: str) -> bool:
    """Whether the text is a key in the form of `new_encryption_key`."""
    try:
        Fernet(text)
    except ValueError:
        return False
    return True


class Sealer:
    """Seals and opens with one key."""

    def __init__(self, key: str) -> None:
        self._fernet = Fernet(key)

    def seal(self, secret: str) -> str:
        """Return the secret in a form that says nothing about it."""
        return self._fernet.encrypt(secret.encode("utf-8")).decode()

    def open(self, sealed: str | bytes) -> str:
        """Return the secret. Raises NotSealedHere when it was sealed with another key."""
        try:
            return self._fernet.decrypt(sealed).decode("utf-8")
        except InvalidToken:
            raise NotSealedHere from None
