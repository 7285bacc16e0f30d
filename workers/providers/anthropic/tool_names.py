"""The names of tools as the API takes them, and back. Pure.

The API wants `^[a-zA-Z0-9_-]{1,128}$`; others take dots and colons too (`files.read`).
"""

from __future__ import annotations

import re
from hashlib import sha256
from typing import Final

_is_taken = re.compile(r"[a-zA-Z0-9_-]{1,128}").fullmatch
_others = re.compile(r"[^a-zA-Z0-9_-]+")
#: Of a name that is changed, what stays readable, and what keeps it apart from others (characters).
_READABLE: Final = 60
_APART: Final = 8


class ToolNames:
    """The names of one request: those that are sent, and whose they are."""

    def __init__(self) -> None:
        self._own: dict[str, str] = {}

    def sent(self, name: object) -> object:
        """Return the name that is sent; what is no name is for the API to refuse."""
        if not isinstance(name, str) or not name or _is_taken(name):
            return name
        mark = sha256(name.encode("utf-8", "surrogatepass")).hexdigest()[:_APART]
        sent = f"{_others.sub('_', name)[:_READABLE]}_{mark}"
        self._own[sent] = name
        return sent

    def own(self, sent: object) -> object:
        """Return a tool's own name."""
        return self._own.get(sent, sent) if isinstance(sent, str) else sent


#: For answers in which no name was changed. Nothing is ever sent by it.
AS_THEY_ARE: Final = ToolNames()
