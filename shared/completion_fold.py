"""The fold of a streamed text completion: chunks of `text_completion` into the whole one.

Chunks have the form of the whole: each adds text to its choices, and to the lists of `logprobs`.
"""

from __future__ import annotations

from typing import Final

#: Names of which the first value counts, although each chunk carries them.
_FIRST: Final = frozenset({"id", "created"})
#: Padding that hides a chunk's size; it tells nothing of the completion.
_DROPPED: Final = frozenset({"obfuscation"})
#: Values with which a chunk says that it has nothing to add.
_BLANK: Final[tuple[object, ...]] = (None, "", [], {})


class CompletionFold:
    """The completion that a stream has told so far. Chunks are never changed."""

    __slots__ = ("_choices", "_fields")

    def __init__(self) -> None:
        self._fields: dict[str, object] = {}
        self._choices: dict[int, _Choice] = {}

    def add(self, chunk: dict[str, object]) -> None:
        """Take in the next chunk; choices of a wrong type are passed over."""
        for name, value in chunk.items():
            if name == "choices":
                self._add_choices(value)
            elif not (name in _FIRST and self._fields.get(name)) and name not in _DROPPED:
                _keep_last(self._fields, name, value)

    def completion(self) -> dict[str, object]:
        """Return the `text_completion` of the chunks so far, choices ordered by their index."""
        choices = [choice.build() for _, choice in sorted(self._choices.items())]
        return self._fields | {"object": "text_completion", "choices": choices}

    @property
    def is_complete(self) -> bool:
        """Whether there was a choice, and each one has its finish reason: nothing broke off."""
        return bool(self._choices) and all(choice.is_finished for choice in self._choices.values())

    def finish(self) -> None:
        """Take in that the server says it is done; small ones say so and give no finish reasons."""
        if not any(choice.is_finished for choice in self._choices.values()):
            for choice in self._choices.values():
                choice.finish()

    def _add_choices(self, choices: object) -> None:
        self._fields.setdefault("choices", None)  # holds their place among the fields
        for choice in choices if isinstance(choices, list) else ():
            if isinstance(choice, dict):
                index = choice.get("index")
                index = index if isinstance(index, int) else 0
                self._choices.setdefault(index, _Choice(index)).add(choice)


class _Choice:
    """One choice: its pieces of text, its log probabilities, and its other fields."""

    __slots__ = ("_fields", "_logprobs", "_texts")

    def __init__(self, index: int) -> None:
        self._fields: dict[str, object] = {"index": index, "text": None, "logprobs": None}
        self._logprobs: dict[str, object] = {}
        self._texts: list[str] = []

    @property
    def is_finished(self) -> bool:
        return bool(self._fields.get("finish_reason"))

    def finish(self) -> None:
        self._fields["finish_reason"] = "stop"

    def add(self, choice: dict[str, object]) -> None:
        for name, value in choice.items():
            if name == "text":
                self._texts += [value] if isinstance(value, str) else []
            elif name == "logprobs" and isinstance(value, dict):
                _extend(self._logprobs, value)
            elif name != "index":
                _keep_last(self._fields, name, value)

    def build(self) -> dict[str, object]:
        told = {"text": "".join(self._texts), "logprobs": self._logprobs or None}
        return {"finish_reason": None} | self._fields | told


def _extend(members: dict[str, object], more: dict[str, object]) -> None:
    """Add to the lists of `members` those of the same name; other values replace."""
    for name, value in more.items():
        old = members.get(name)
        if isinstance(value, list):
            members[name] = [*old, *value] if isinstance(old, list) else [*value]
        else:
            _keep_last(members, name, value)


def _keep_last(fields: dict[str, object], name: str, value: object) -> None:
    if name not in fields or value not in _BLANK:
        fields[name] = value
