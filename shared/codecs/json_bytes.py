"""JSON as it is stored and sent: compact, in UTF-8."""

from __future__ import annotations

import json
from typing import Any


def to_json_bytes(value: object, *, strict: bool = False) -> bytes:
    r"""Return the value as JSON; all in ASCII if it has half a character, which UTF-8 has not.

    `strict`: raises ValueError for a number that JSON cannot write.
    """
    form: dict[str, Any] = {"separators": (",", ":"), "allow_nan": not strict}
    try:
        return json.dumps(value, ensure_ascii=False, **form).encode()
    except UnicodeEncodeError:
        return json.dumps(value, **form).encode()
