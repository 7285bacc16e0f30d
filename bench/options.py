"""What the user chose on the command line, and the sizes that follow from it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Options:
    """How long to measure, and with what beside ReplyTo."""

    quick: bool = False
    litellm_python: Path | None = None
    #: An empty PostgreSQL database to measure the history in, beside SQLite.
    postgres_url: str = ""

    @property
    def rounds(self) -> int:
        """How often each contender has its turn."""
        return 2 if self.quick else 5

    @property
    def short_rounds(self) -> int:
        """How often, where turns are short: more of them see through a restless machine."""
        return 2 * self.rounds

    @property
    def load_s(self) -> float:
        """How long one turn under load lasts (seconds)."""
        return 1.5 if self.quick else 3.0

    @property
    def pipeline_s(self) -> float:
        """For how long one turn of the pipeline is given jobs (seconds)."""
        return 3.0 if self.quick else 10.0
