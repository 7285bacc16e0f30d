"""What a model thought, packed for a client that sends it back: chats have blocks for it. Pure.

OpenAI's `encrypted_content` is opaque to clients, who return it with the next request. Nothing is
encrypted here: the blocks carry the provider's own signatures.
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes

Json = dict[str, Any]

_OURS: Final = "chat-blocks:"


def packed(blocks: list[Json]) -> str:
    """Return the blocks as one text."""
    return _OURS + base64.b64encode(to_json_bytes(blocks)).decode()


def opened(text: object) -> list[Json]:
    """Return the blocks that a text holds; none for one that is not from here."""
    if not isinstance(text, str) or not text.startswith(_OURS):
        return []
    try:
        blocks = json.loads(base64.b64decode(text.removeprefix(_OURS), validate=True))
    except (ValueError, RecursionError, binascii.Error):
        return []
    is_list = isinstance(blocks, list) and all(isinstance(block, dict) for block in blocks)
    return blocks if is_list else []
