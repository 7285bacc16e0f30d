"""How people look at the pages: on what screen, and in which colours."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Final, Literal

#: Below this the lists at the side are drawers (pixels; chat.css and admin.css have their own).
_DRAWERS_BELOW: Final = 760


def is_phone(width: int) -> bool:
    """Whether a screen so wide (pixels) is a phone's."""
    return width < _DRAWERS_BELOW


@dataclass(frozen=True, slots=True)
class Look:
    """A screen (pixels) and a colour scheme."""

    scheme: Literal["light", "dark"]
    width: int
    height: int

    @property
    def is_phone(self) -> bool:
        """Whether it is a phone: narrow, and touched."""
        return is_phone(self.width)

    def __str__(self) -> str:
        return f"{self.scheme}-{self.width}"


PHONE_DARK: Final = Look("dark", 390, 780)
DESK_LIGHT: Final = Look("light", 1280, 800)
PHONE_LIGHT: Final = Look("light", 390, 780)
DESK_DARK: Final = Look("dark", 1280, 800)

#: Both widths and both schemes are among these two; the other two join them with this variable.
_TWO: Final = (PHONE_DARK, DESK_LIGHT)
_ALL_FOUR: Final = (*_TWO, PHONE_LIGHT, DESK_DARK)
_VARIABLE: Final = "REPLYTO_TEST_LOOKS"


def chosen() -> tuple[Look, ...]:
    """Return the looks that each test of a page runs in: all four if REPLYTO_TEST_LOOKS=all."""
    return _ALL_FOUR if os.environ.get(_VARIABLE) == "all" else _TWO
