"""What a chat request asks and the Messages API cannot do."""

from __future__ import annotations


class Untranslatable(Exception):
    """The client's request cannot be said in the Messages API; `field` names where."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        super().__init__(f"{field}: {why}")
