"""What the other requests of OpenAI's API must be: texts, embeddings, responses, pictures, speech.

Only what the gateway reads or what is easily mistaken is checked; the provider judges the rest.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Required

from pydantic import Field, StringConstraints, Tag, TypeAdapter
from typing_extensions import TypedDict

from shared.wire.chat_validation import (
    STRICT,
    GatewayFields,
    ModelName,
    Number,
    Object,
    Objects,
    TextOrList,
    TextOrObject,
    Typed,
)

_SOME = Field(min_length=1, fail_fast=True)
_Text = Annotated[str, Tag("<text>")]
_Texts = Annotated[list[str], _SOME, Tag("<list>")]
_Tokens = Annotated[list[int], _SOME]
#: A text, or a list of texts, of token numbers, or of lists of these.
_Input = (
    _Text
    | _Texts
    | Annotated[_Tokens, Tag("<tokens>")]
    | Annotated[list[_Tokens], _SOME, Tag("<lists>")]
)
#: A text, a list of texts, or of texts and pictures that say what they are.
_Judged = _Text | _Texts | Annotated[list[Typed], _SOME, Tag("<parts>")]


class _StoredPrompt(TypedDict, total=False):
    __pydantic_config__ = STRICT  # type: ignore[misc]

    id: Required[Annotated[str, StringConstraints(min_length=1)]]
    variables: Object | None
    version: str | None


_NonEmptyText = Annotated[str, StringConstraints(min_length=1)]
#: How many pictures are asked for at once.
_Count = Annotated[int, Field(ge=1, le=16)]


class _Completion(GatewayFields, total=False):
    model: Required[ModelName]
    prompt: Required[_Input | None]

    best_of: int | None
    echo: bool | None
    frequency_penalty: Number | None
    logit_bias: Object | None
    logprobs: int | None
    max_tokens: int | None
    n: int | None
    presence_penalty: Number | None
    seed: int | None
    stop: TextOrList | None
    stream: bool | None
    stream_options: Object | None
    suffix: str | None
    temperature: Number | None
    top_p: Number | None
    user: str | None


class _Embedding(GatewayFields, total=False):
    model: Required[ModelName]
    input: Required[_Input]

    dimensions: int | None
    encoding_format: str | None
    user: str | None


class _Response(GatewayFields, total=False):
    # Not required: a stored prompt brings its own. See `parse_response`.
    model: ModelName
    # Not required: a stored prompt or a conversation may be all that there is.
    input: Annotated[str, Tag("<text>")] | Annotated[Objects, Tag("<list>")] | None

    background: bool | None
    include: list[str] | None
    instructions: str | None
    max_output_tokens: int | None
    max_tool_calls: int | None
    metadata: Object | None
    parallel_tool_calls: bool | None
    previous_response_id: str | None
    prompt: _StoredPrompt | None
    reasoning: Object | None
    store: bool | None
    stream: bool | None
    stream_options: Object | None
    temperature: Number | None
    text: Object | None
    tool_choice: TextOrObject | None
    tools: Objects | None
    top_logprobs: int | None
    top_p: Number | None
    truncation: str | None
    user: str | None


class _Moderation(GatewayFields, total=False):
    model: ModelName
    input: Required[_Judged]


class _Picture(GatewayFields, total=False):
    model: Required[ModelName]
    prompt: Required[_NonEmptyText]

    background: str | None
    moderation: str | None
    n: _Count | None
    output_compression: int | None
    output_format: str | None
    partial_images: int | None
    quality: str | None
    response_format: Literal["url", "b64_json"] | None
    size: str | None
    stream: bool | None
    style: str | None
    user: str | None


class _PictureEdit(_Picture, total=False):
    images: Required[Annotated[Objects, Field(min_length=1, max_length=16)]]
    mask: Object | None
    input_fidelity: str | None


class _Speech(GatewayFields, total=False):
    model: Required[ModelName]
    input: Required[_NonEmptyText]

    instructions: str | None
    response_format: str | None
    speed: Number | None
    stream_format: Literal["audio", "sse"] | None
    voice: TextOrObject | None


MODERATION: TypeAdapter[Any] = TypeAdapter(_Moderation)
IMAGE: TypeAdapter[Any] = TypeAdapter(_Picture)
IMAGE_EDIT: TypeAdapter[Any] = TypeAdapter(_PictureEdit)
SPEECH: TypeAdapter[Any] = TypeAdapter(_Speech)
COMPLETION: TypeAdapter[Any] = TypeAdapter(_Completion)
EMBEDDING: TypeAdapter[Any] = TypeAdapter(_Embedding)
RESPONSE: TypeAdapter[Any] = TypeAdapter(_Response)
