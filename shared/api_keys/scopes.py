"""What a key may do. Pure."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Final


class Scope(StrEnum):
    """One thing that a key may be allowed."""

    CHAT = "chat"
    READ = "read"
    ADMIN_READ = "admin:read"
    ADMIN_KEYS = "admin:keys"
    ADMIN_PROVIDERS = "admin:providers"
    ADMIN = "admin"


#: What a key gets when its scopes are not said: all that an application needs.
DEFAULT: Final = frozenset((Scope.CHAT, Scope.READ))
#: What lets one change a part of the system.
_CHANGING: Final = frozenset((Scope.ADMIN_KEYS, Scope.ADMIN_PROVIDERS))
EVERYTHING: Final = frozenset(Scope)


def allows(held: Collection[Scope], needed: Scope) -> bool:
    """Whether these scopes include the needed one.

    `admin` includes all, and who may change something as an admin may look.
    """
    if needed is Scope.ADMIN_READ and _CHANGING.intersection(held):
        return True
    return needed in held or Scope.ADMIN in held
