"""How people look at the pages: on what screen, and in which colours."""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import Final, Literal
from zlib import crc32

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
#: A tablet held upright and a large screen: what is looked at on a desk is looked at there, too.
TABLET: Final = Look("light", 768, 1024)
WIDE: Final = Look("light", 1920, 1080)


def of_the_same_kind(look: Look) -> tuple[Look, ...]:
    """Return the looks of all screens of this one's kind, phones or larger ones, but of its own."""
    light = (PHONE_LIGHT,) if look.is_phone else (TABLET, DESK_LIGHT, WIDE)
    # Those of one scheme after those of the other: a page is drawn anew when it changes.
    dark = tuple(replace(one, scheme="dark") for one in reversed(light))
    both = (*light, *dark) if look.scheme == "light" else (*dark, *light)
    return tuple(one for one in both if one != look)


#: Both widths and both schemes are among these two.
_TWO: Final = (PHONE_DARK, DESK_LIGHT)
_CHOICES: Final = {"two": _TWO, "all": (*_TWO, PHONE_LIGHT, DESK_DARK)}
_VARIABLE: Final = "REPLYTO_TEST_LOOKS"


def chosen(test: str, *, every: bool) -> tuple[Look, ...]:
    """Return the looks that a test of a page runs in.

    One of the two, the same at each run and as often the one as the other, or both for a test that
    is about looks (`every`). REPLYTO_TEST_LOOKS=two or =all asks for so many of each test.
    """
    if looks := _CHOICES.get(os.environ.get(_VARIABLE, "")):
        return looks
    return _TWO if every else (_TWO[crc32(test.encode()) % len(_TWO)],)
