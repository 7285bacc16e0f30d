"""The ids of tool calls as the API takes them: those of other models' histories are mapped. Pure.

The API wants `^[a-zA-Z0-9_-]+$`, each id once. Other models' ids have dots, colons or spaces,
begin anew in each turn (`call_0`), or are empty. The same history gives the same ids: caches hold.
"""

from __future__ import annotations

import re
from collections import defaultdict
from hashlib import sha256
from typing import Final

_is_taken = re.compile(r"[a-zA-Z0-9_-]{1,128}").fullmatch
_LENGTH: Final = 24


class CallIds:
    """The ids of one conversation. Tell it the calls and results in their order."""

    def __init__(self) -> None:
        self._sent: set[str] = set()
        #: By their own ids, the calls of the last turn that wait for a result.
        self._waiting: dict[str, list[str]] = defaultdict(list)
        self._last: dict[str, str] = {}

    def begin_turn(self) -> None:
        """Forget the calls of the turn before: results belong to the last one."""
        self._waiting.clear()

    def of_call(self, own: object) -> str:
        """Return the id of a call that calls itself so."""
        told = own if isinstance(own, str) else ""
        number, sent = 0, told
        while sent in self._sent or not _is_taken(sent):
            # A text may hold half a character.
            mark = sha256(f"{number}:{told}".encode("utf-8", "surrogatepass")).hexdigest()
            sent = f"toolu_{mark[:_LENGTH]}"
            number += 1
        self._sent.add(sent)
        self._waiting[told].append(sent)
        self._last[told] = sent
        return sent

    def of_result(self, own: object) -> str | None:
        """Return the id of the call that this is the result of; None if it names none."""
        told = own if isinstance(own, str) else ""
        if self._waiting[told]:
            return self._waiting[told].pop(0)
        known = self._last.get(told)
        return known or (told if _is_taken(told) else None)
