"""What a chat request must be, and how it is said when it is not."""

from __future__ import annotations

from collections.abc import Collection
from typing import Annotated, Any, Final, Required

from pydantic import (
    ConfigDict,
    Field,
    StringConstraints,
    Tag,
    TypeAdapter,
    ValidationError,
)
from pydantic_core import ErrorDetails
from typing_extensions import TypedDict

from shared.errors import ValidationFailed

# Only the input is looked at: what validation returns is dropped, so nothing can be changed by it.
STRICT = ConfigDict(strict=True, extra="ignore", hide_input_in_errors=True)
_PRINTABLE = r"\A[^\x00-\x1f\x7f-\x9f]*\z"

Object = dict[str, Any]
# The first bad item is the one that is told of; a body of a million must not make a million errors.
Objects = Annotated[list[Object], Field(fail_fast=True)]
Texts = Annotated[list[str], Field(fail_fast=True)]
Number = Annotated[float, Field(allow_inf_nan=False)]
_ShortText = Annotated[str, StringConstraints(max_length=256, pattern=_PRINTABLE)]
_Url = Annotated[str, StringConstraints(max_length=2048, pattern=_PRINTABLE)]
_NonEmptyText = Annotated[str, StringConstraints(min_length=1)]
ModelName = Annotated[str, StringConstraints(min_length=1, max_length=256, pattern=_PRINTABLE)]

# The tags stand in the place of an error; "<" keeps them apart from the names of fields.
TextOrList = Annotated[str, Tag("<text>")] | Annotated[Texts, Tag("<list>")]
TextOrObject = Annotated[str, Tag("<text>")] | Annotated[Object, Tag("<object>")]


class Typed(TypedDict, total=False):
    """An object that says what it is."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    type: Required[str]


class _Message(TypedDict, total=False):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    role: Required[_NonEmptyText]
    content: (
        Annotated[str, Tag("<text>")]
        | Annotated[list[Typed], Field(fail_fast=True), Tag("<list>")]
        | None
    )
    name: str | None
    refusal: str | None
    tool_call_id: str | None
    tool_calls: Objects | None
    function_call: Object | None
    audio: Object | None


class GatewayFields(TypedDict, total=False):
    """What a request tells the gateway, beside what it asks of the LLM."""

    __pydantic_config__ = STRICT  # type: ignore[misc]

    refId: _ShortText | None
    provider: Annotated[_ShortText, Tag("<text>")] | Annotated[Object, Tag("<object>")] | None
    tag: _ShortText | None
    replyTo: _Url | None
    timeoutSecs: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None
    runAfter: Annotated[float, Tag("<number>")] | Annotated[str, Tag("<text>")] | None
    groupId: _ShortText | None
    flowKey: _ShortText | None


class _ChatCompletion(GatewayFields, total=False):
    model: Required[ModelName]
    messages: Required[Annotated[list[_Message], Field(min_length=1, fail_fast=True)]]

    frequency_penalty: Number | None
    presence_penalty: Number | None
    temperature: Number | None
    top_p: Number | None
    max_completion_tokens: int | None
    max_tokens: int | None
    n: int | None
    seed: int | None
    top_logprobs: int | None
    logprobs: bool | None
    parallel_tool_calls: bool | None
    store: bool | None
    stream: bool | None
    prompt_cache_key: str | None
    reasoning_effort: str | None
    safety_identifier: str | None
    service_tier: str | None
    user: str | None
    verbosity: str | None
    stop: TextOrList | None
    modalities: Texts | None
    function_call: TextOrObject | None
    tool_choice: TextOrObject | None
    functions: Objects | None
    tools: Objects | None
    audio: Object | None
    logit_bias: Object | None
    metadata: Object | None
    prediction: Object | None
    response_format: Typed | None
    stream_options: Object | None
    web_search_options: Object | None


class _QueueChatCompletion(GatewayFields, total=False):
    request: Required[_ChatCompletion]


CHAT_COMPLETION: TypeAdapter[Any] = TypeAdapter(_ChatCompletion)
QUEUE_CHAT_COMPLETION: TypeAdapter[Any] = TypeAdapter(_QueueChatCompletion)

#: Up to here a float is exact.
_MOST_WHOLE: Final = 2**53
_CURES = {
    "missing": "is missing",
    "string_type": "must be a string",
    "string_unicode": "must not contain half of a surrogate pair",
    "string_too_short": "must be a non-empty string",
    "string_too_long": "must be at most {max_length} characters long",
    "string_pattern_mismatch": "must not contain control characters",
    "int_type": "must be an integer",
    "float_type": "must be a number",
    "finite_number": "must be a finite number",
    "greater_than": "must be a number above {gt:g}",
    "bool_type": "must be true or false",
    "list_type": "must be a list",
    "too_short": "must be a non-empty list",
    "dict_type": "must be an object",
    "too_long": "must have at most {max_length} items",
    "greater_than_equal": "must be at least {ge:g}",
    "less_than_equal": "must be at most {le:g}",
    "literal_error": "must be {expected}",
}


def validate(value: object, schema: TypeAdapter[Any]) -> Collection[str]:
    """Check a request in its canonical names; raises ValidationFailed with the first bad field.

    A whole number that is written as 50.0, as JSON's own schema allows, becomes 50 in the value.
    Returns the names of such fields: what reads the value does not change the text.
    """
    whole: set[str] = set()
    while True:
        try:
            schema.validate_python(value)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            name = _make_whole(value, errors)
            if name is None:
                raise _explain(errors) from error
            whole.add(name)
        else:
            return whole


def _make_whole(value: Any, errors: list[ErrorDetails]) -> str | None:
    """Make the first number that should be whole and is so; return the name of its field."""
    wrong = [_untagged(error) for error in errors if error["type"] == "int_type"]
    for *path, name in wrong[:1]:
        for step in path:
            value = value[step]
        number = value[name]
        is_whole = isinstance(number, float) and number.is_integer()
        if isinstance(name, str) and is_whole and abs(number) <= _MOST_WHOLE:
            value[name] = int(number)
            return name
    return None


def _explain(errors: list[ErrorDetails]) -> ValidationFailed:
    """Tell of the first bad field; of its alternatives, those that came furthest."""
    first = _untagged(errors[0])
    own = [error for error in errors if _untagged(error)[: len(first)] == first]
    deepest = max(len(_untagged(error)) for error in own)
    own = [error for error in own if len(_untagged(error)) == deepest]
    path = _path(_untagged(own[0]))
    cures = dict.fromkeys(_cure(error) for error in own)
    what = " or ".join([*cures]).replace(" or must be ", " or ")
    return ValidationFailed(f"{path or 'The body'} {what}", field=path or None)


def _untagged(error: ErrorDetails) -> tuple[int | str, ...]:
    return tuple(step for step in error["loc"] if not str(step).startswith("<"))


def _path(steps: tuple[int | str, ...]) -> str:
    path = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return path.removeprefix(".")


def _cure(error: ErrorDetails) -> str:
    # "must be a list" is true of messages and not enough.
    if error["loc"][-1:] == ("messages",) and error["type"] == "list_type":
        return _CURES["too_short"]
    cure = _CURES.get(error["type"])
    return cure.format_map(error.get("ctx", {})) if cure else "is not valid"
