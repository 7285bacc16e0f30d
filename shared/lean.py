"""Switches from our lean ways of doing what libraries do, each back to the library's own.

A step is some methods of ours that stand in the place of a library's; without them the library's
are found again. Where ours does something more than that, the step brings what it needs without
leanness. What is overridden for another reason than speed is no step and stays. See docs/adr/0053.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

_ABSENT: Final = object()


@dataclass(frozen=True, slots=True)
class Part:
    """A method or attribute of one of our classes, and what is to stand there without leanness."""

    owner: type
    name: str
    #: By default nothing: then the library's is inherited.
    plain: Any = _ABSENT

    def take_out(self) -> Any:
        """Put the library's way in its place; return what was there."""
        ours = vars(self.owner)[self.name]
        if self.plain is _ABSENT:
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, self.plain)
        return ours


@dataclass(frozen=True, slots=True)
class Step:
    """What is left out of a library's way, by its name in the benchmark."""

    name: str
    parts: tuple[Part, ...]


def take_out(steps: Iterable[Step]) -> None:
    """Run the libraries' own ways from now on, in the whole process. For its start."""
    for step in steps:
        for part in step.parts:
            part.take_out()


@contextmanager
def without(*steps: Step) -> Iterator[None]:
    """Run the libraries' own ways for a while."""
    parts = [part for step in steps for part in step.parts]
    ours = [(part, part.take_out()) for part in parts]
    try:
        yield
    finally:
        for part, was in ours:
            setattr(part.owner, part.name, was)
