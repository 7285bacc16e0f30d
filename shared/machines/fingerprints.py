"""Fingerprints of what all processes must have in common; nobody can turn one back. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Final

from shared.settings import Settings

#: What each thing is called to people, and the setting that gives it.
NAMES: Final[Mapping[str, tuple[str, str]]] = {
    "callback_secret": ("the callback secret", "REPLYTO_CALLBACK_SECRET"),
    "signing_keys": (
        "what signs callbacks",
        "REPLYTO_CALLBACK_SIGNING, REPLYTO_CALLBACK_PRIVATE_KEYS",
    ),
    "encryption_key": ("the encryption key", "REPLYTO_ENCRYPTION_KEY"),
    "database": ("the database", "REPLYTO_DATABASE_URL"),
}
#: Hexadecimal digits of one: two secrets of 256 bits do not share so many by chance.
_DIGITS: Final = 16


def fingerprints(settings: Settings, database_id: str | None) -> dict[str, str]:
    """Return those of a process; without the database's where that is not known or not used."""
    public = sorted(key.public_key for key in settings.private_keys)
    texts = {
        "callback_secret": settings.callback_secret.get_secret_value(),
        "signing_keys": " ".join((settings.callback_signing, *public)),
        "encryption_key": settings.encryption_key.get_secret_value(),
        "database": database_id,
    }
    return {name: _of(name, text) for name, text in texts.items() if text}


def described(names: Iterable[str]) -> str:
    """Return these things in words, with the settings that give them."""
    return " and ".join(f"{NAMES[name][0]} ({NAMES[name][1]})" for name in NAMES if name in names)


def _of(name: str, text: str) -> str:
    return sha256(f"replyto:{name}:{text}".encode()).hexdigest()[:_DIGITS]
