"""What the folds of both kinds of completions share: fields beside choices, each by its index."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Final, Protocol

from shared.wire.answers.call_pieces import index_of
from shared.wire.answers.said import objects

#: Names of which the first value counts, although each chunk carries them.
_FIRST: Final = frozenset({"id", "created"})
#: What each chunk tells beside its choices.
_HEAD: Final = ("id", "object", "created", "model")
#: More choices than anybody asks for are passed over, and one whose index grows has made itself
#: known by so many chunks.
_MOST_CHOICES: Final = 10_000
_MOST_OF_ONE: Final = 128
#: Padding that hides a chunk's size; it tells nothing of the completion.
_DROPPED: Final = frozenset({"obfuscation"})
#: Values with which a chunk says that it has nothing to add.
BLANK: Final[tuple[object, ...]] = (None, "", [], {})


class Choice(Protocol):
    """One choice of a completion, put together from what chunks say of it."""

    @property
    def is_finished(self) -> bool:
        """Whether it has its finish reason."""
        ...

    def add(self, choice: dict[str, object]) -> None:
        """Take in what the next chunk says of it."""
        ...

    @property
    def says_something(self) -> bool:
        """Whether it has more than a speaker."""
        ...

    def finish(self) -> dict[str, object]:
        """Give it the finish reason that fits; return the piece that tells it."""
        ...

    def build(self) -> dict[str, object]:
        """Return the choice so far."""
        ...


class ChoicesFold:
    """The completion that a stream has told so far.

    Chunks are never changed; what is not put together from parts is shared with them.
    """

    __slots__ = (
        "_choices",
        "_fields",
        "_has_reason",
        "_kind",
        "_last_index",
        "_new_choice",
        "_one",
    )

    def __init__(self, kind: str, new_choice: Callable[[int], Choice], *, of_one: bool) -> None:
        """`kind` is the `object` of the whole; `new_choice` makes the choice of an index.

        `of_one`: one choice was asked for. Some servers number its chunks instead.
        """
        self._kind = kind
        self._new_choice = new_choice
        self._fields: dict[str, object] = {}
        self._choices: dict[int, Choice] = {}
        #: The one choice, as long as each chunk tells another index than those before it.
        self._one: Choice | None = new_choice(0) if of_one else None
        self._last_index = -1
        #: Whether any choice has told why it ended: before that none has.
        self._has_reason = False

    def add(self, chunk: dict[str, object]) -> None:
        """Take in the next chunk; choices of a wrong type are passed over."""
        fields = self._fields
        for name, value in chunk.items():
            if name == "choices":
                self._add_choices(value)
            elif name in _FIRST and fields.get(name):
                continue
            # As `keep_last` has it: these are most of what a chunk has.
            elif name not in _DROPPED and (name not in fields or value not in BLANK):
                fields[name] = value

    def completion(self) -> dict[str, object]:
        """Return the whole of the chunks so far, choices ordered by their index."""
        is_one = self._one is not None and len(self._choices) > 1
        told = list(self._told) if is_one else [one for _, one in sorted(self._choices.items())]
        built = [choice.build() for choice in told]
        return self._fields | {"object": self._kind, "choices": built}

    @property
    def is_complete(self) -> bool:
        """Whether there was a choice, and each one has its finish reason: nothing broke off."""
        if not self._has_reason:
            # So it is with nearly all chunks.
            return False
        told = self._told
        return bool(told) and all(choice.is_finished for choice in told)

    def finish(self) -> dict[str, object] | None:
        """Take in that the server says it is done; small ones say so and give no finish reasons.

        When none of the choices has a reason, each gets the one that fits: returns the chunk that
        tells them. One that lacks it beside others that have it broke off: this server does give
        reasons. So did all when nobody has said anything.
        """
        told, self._has_reason = self._told, True
        if any(one.is_finished for one in told) or not any(one.says_something for one in told):
            return None
        head = {name: self._fields[name] for name in _HEAD if name in self._fields}
        return head | {"choices": [choice.finish() for choice in told]}

    @property
    def _told(self) -> Collection[Choice]:
        """The choices, in any order: it is looked at with each chunk."""
        if self._one is not None and len(self._choices) > 1:
            return (self._one,)
        return self._choices.values()

    def _add_choices(self, choices: object) -> None:
        self._fields.setdefault("choices", None)  # holds their place among the fields
        told = objects(choices)
        if told and self._one is not None:
            self._follow(self._one, told)
        # Whose index has grown for so long goes on as it does.
        most = _MOST_CHOICES if self._one is None else _MOST_OF_ONE
        for choice in told:
            self._has_reason = self._has_reason or bool(choice.get("finish_reason"))
            index = _index_of(choice)
            if index not in self._choices and len(self._choices) < most:
                self._choices[index] = self._new_choice(index)
            if index in self._choices:
                self._choices[index].add(choice)

    def _follow(self, one: Choice, told: list[dict[str, object]]) -> None:
        """Add to the one choice what has an index of its own; anything else is another's."""
        index = _index_of(told[0])
        if len(self._choices) < _MOST_OF_ONE and (len(told) > 1 or index <= self._last_index):
            self._one = None
            return
        self._last_index = index
        for choice in told:
            one.add(choice)


def _index_of(choice: dict[str, object]) -> int:
    index = choice.get("index")
    return index if type(index) is int else index_of(choice) or 0


def keep_last(fields: dict[str, object], name: str, value: object) -> None:
    """Let the value replace the one before it, unless it says nothing."""
    if name not in fields or value not in BLANK:
        fields[name] = value
