"""Reads `groupId`: the client's name for the group of jobs that a call joins. Pure."""

from __future__ import annotations

from typing import Final

from shared.errors import ValidationFailed

FIELD: Final = "groupId"
#: Most characters.
LONGEST: Final = 128
#: Batches are groups by their own ids.
BATCH_PREFIX: Final = "batch_"


def read_group_id(value: object) -> str:
    """Return it, empty when there is none. Raises ValidationFailed."""
    if value is None or value == "":
        return ""
    if not isinstance(value, str) or len(value) > LONGEST or not value.isprintable():
        told = f"{FIELD} must be at most {LONGEST} printable characters"
        raise ValidationFailed(told, field=FIELD)
    if value.startswith(BATCH_PREFIX):
        told = f"{FIELD} must not begin with '{BATCH_PREFIX}': batches are named so"
        raise ValidationFailed(told, field=FIELD)
    return value
