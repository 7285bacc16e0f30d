"""What a request for a response asks and a chat cannot say."""

from __future__ import annotations


class NotAChat(Exception):
    """The client's request cannot be said as a chat; `field` names where."""

    def __init__(self, field: str, why: str) -> None:
        self.field = field
        super().__init__(f"{field}: {why}")
