"""The fold of a streamed text completion: chunks of `text_completion` into the whole one.

Chunks have the form of the whole: each adds text to its choices, and to the lists of `logprobs`.
"""

from __future__ import annotations

from shared.wire.answers.finish_reasons import reason_in, unusual_reason
from workers.folds.choices import ChoicesFold, keep_last


class CompletionFold(ChoicesFold):
    """The `text_completion` that a stream has told so far."""

    __slots__ = ()

    def __init__(self, *, of_one: bool = False) -> None:
        """`of_one`: one choice was asked for."""
        super().__init__("text_completion", _Choice, of_one=of_one)


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

    @property
    def says_something(self) -> bool:
        return any(self._texts)

    def finish(self) -> dict[str, object]:
        self._fields["finish_reason"] = reason = unusual_reason(self._fields) or "stop"
        return {"index": self._fields["index"], "text": "", "finish_reason": reason}

    def add(self, choice: dict[str, object]) -> None:
        for name, value in choice.items():
            if name == "text":
                self._texts += [value] if isinstance(value, str) else []
            elif name == "logprobs" and isinstance(value, dict):
                _extend(self._logprobs, value)
            elif name == "finish_reason":
                keep_last(self._fields, name, reason_in(choice))
            elif name != "index":
                keep_last(self._fields, name, value)

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
            keep_last(members, name, value)
