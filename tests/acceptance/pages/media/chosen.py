"""Files that somebody chooses on the pages of media, as Playwright takes them."""

from __future__ import annotations

from typing import Any

from tests.acceptance.system.stack import Stack
from tests.support.drawing import png


def picture(name: str) -> Any:
    """Return a picture."""
    return {"name": name, "mimeType": "image/png", "buffer": png(colour="teal", size=(64, 48))}


def recording(stack: Stack, key: str, name: str) -> Any:
    """Return a recording, which the demo LLM spoke."""
    with stack.api(key) as api:
        told = {"model": "demo-speech", "input": "One two.", "voice": "alloy"}
        sound = api.post("/v1/audio/speech", json=told).content
    return {"name": name, "mimeType": "audio/mpeg", "buffer": sound}
