"""JSON as it is stored and sent: compact, in UTF-8."""

from __future__ import annotations

import json


def to_json_bytes(value: object) -> bytes:
    r"""Return the value as JSON; all in ASCII if it has half a character, which UTF-8 has not."""
    try:
        return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
    except UnicodeEncodeError:
        return json.dumps(value, separators=(",", ":")).encode()
