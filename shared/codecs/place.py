"""The place where a call for many stopped, as a text that the next call goes on behind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import BeforeValidator, Field

AFTER: Final = "Go on behind what an earlier call came to: what it answered as `after`."
STOPPED: Final = (
    "Where this call stopped: as `after` of the next one it goes on there. "
    "Without it all was looked at."
)
#: What databases and Redis's scores can hold.
_FORM: Final = r"^[0-9]{1,15}-[0-9]{1,15}$"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What stands in a list by its creation, and its id where several were made at once."""

    created_ms: int
    id: int

    def __str__(self) -> str:
        return f"{self.created_ms}-{self.id}"


#: Before the first of any list.
START: Final = Place(0, 0)

#: A field that is such a place.
After = Annotated[
    Annotated[str, Field(pattern=_FORM)] | None,
    BeforeValidator(lambda value: None if value == "" else value),
]


def place_of(text: str | None) -> Place:
    """Return the place that a checked text says; none is the start."""
    if text is None:
        return START
    created_ms, _, one = text.partition("-")
    return Place(int(created_ms), int(one))
