"""Puts an operator's defaults into a request whose client did not say otherwise."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from shared.codecs.json_text import Edit, members, splice

#: Of names that mean the same, one that the client gave is enough.
_SAME: Final = {"max_tokens": "max_completion_tokens", "max_completion_tokens": "max_tokens"}


def with_defaults(body: str, defaults: Mapping[str, Any]) -> str:
    """Return the body with the members it lacks; all that is there stays as it was written."""
    present = members(body)
    given = {member.name for member in present}
    lacking = {
        name: value
        for name, value in defaults.items()
        if name not in given and _SAME.get(name) not in given
    }
    if not lacking or not present:
        return body
    text = "".join(f"{json.dumps(name)}:{json.dumps(value)}," for name, value in lacking.items())
    return splice(body, [Edit(present[0].start, present[0].start, text)])
