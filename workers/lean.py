"""What the workers do in fewer steps than their libraries, and how each is left to them."""

from __future__ import annotations

from typing import Final

from shared.store import client
from workers.providers import connections

STEPS: Final = (*connections.STEPS, *client.STEPS)
