"""Removes the files that nobody needs any more."""

from __future__ import annotations

import logging
from typing import Final

from shared.artifacts.artifacts import Artifacts

log = logging.getLogger(__name__)

#: How often a process looks for them (seconds).
SWEEP_S: Final = 30.0


def sweep(artifacts: Artifacts) -> None:
    """Remove them. Raises DatabaseUnavailable. Several processes at once do no harm."""
    if removed := artifacts.sweep():
        log.info("files: %s removed that nobody needed any more", removed)
