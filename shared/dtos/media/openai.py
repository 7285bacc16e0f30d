"""DTOs of OpenAI's calls for pictures, sound and moderation: they tell what stands in bodies.

Names are OpenAI's own. Unknown names pass to the provider.
https://platform.openai.com/docs/api-reference/images, …/audio and …/moderations
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.dtos.inference.calls import GatewayFields, OpenAiWire

Json = dict[str, Any]


class OpenAiModeration(GatewayFields, OpenAiWire):
    """Judge texts or pictures."""

    input: str | list[Any] = Field(description="A text, several, or parts: text and image_url.")
    model: str | None = Field(None, description="By default `omni-moderation-latest`.")


class OpenAiModerationResponse(OpenAiWire):
    """A judgement of each input."""

    id: str
    model: str
    results: list[Json] = Field(description="`flagged`, `categories`, `category_scores`.")


class OpenAiImageGeneration(GatewayFields, OpenAiWire):
    """Make pictures, and answer with them."""

    model: str = Field(description="One that makes pictures.")
    prompt: str
    n: int | None = Field(None, description="How many, at most 16.")
    size: str | None = Field(None, description="Such as `1024x1024`, or `auto`.")
    quality: str | None = None
    style: str | None = None
    background: str | None = None
    moderation: str | None = None
    output_format: str | None = Field(None, description="png, jpeg or webp.")
    output_compression: int | None = None
    response_format: str | None = Field(None, description="`b64_json`, or `url` for links.")
    stream: bool | None = None
    partial_images: int | None = None
    user: str | None = None


class OpenAiImagesResponse(OpenAiWire):
    """Pictures."""

    created: int = Field(description="Unix seconds.")
    data: list[Json] = Field(description="`b64_json` or `url`, `revised_prompt`.")
    background: str | None = None
    output_format: str | None = None
    quality: str | None = None
    size: str | None = None
    usage: Json | None = None


class OpenAiSpeech(GatewayFields, OpenAiWire):
    """Speak a text, and answer with the sound."""

    model: str = Field(description="One that speaks.")
    input: str = Field(description="What to say.")
    voice: str | Json | None = None
    instructions: str | None = None
    response_format: str | None = Field(None, description="mp3, opus, aac, flac, wav or pcm.")
    speed: float | None = None
    stream_format: str | None = Field(None, description="`audio`, or `sse` for events.")


class OpenAiImageEdit(GatewayFields, OpenAiWire):
    """Change pictures, sent as files of a form or named in JSON."""

    model: str
    prompt: str
    image: str | None = Field(None, description="A file of the form; repeated for several.")
    images: list[Json] | None = Field(None, description="In JSON: `image_url` of each.")
    mask: str | Json | None = Field(None, description="A file: what is clear in it is changed.")
    n: int | None = None
    size: str | None = None
    quality: str | None = None
    background: str | None = None
    input_fidelity: str | None = None
    output_format: str | None = None
    output_compression: int | None = None
    response_format: str | None = Field(None, description="`b64_json`, or `url` for links.")
    stream: bool | None = None
    partial_images: int | None = None
    user: str | None = None


class OpenAiImageVariation(GatewayFields, OpenAiWire):
    """Make pictures like one, which is a file of a form."""

    model: str
    image: str = Field(description="A file of the form.")
    n: int | None = None
    size: str | None = None
    response_format: str | None = Field(None, description="`b64_json`, or `url` for links.")
    user: str | None = None


class OpenAiTranscription(GatewayFields, OpenAiWire):
    """Write down what a recording says, which is a file of a form."""

    model: str = Field(description="One that hears.")
    file: str = Field(description="A file of the form.")
    language: str | None = Field(None, description="Of the recording, in ISO 639-1.")
    prompt: str | None = None
    response_format: str | None = Field(
        None, description="json, text, srt, verbose_json, vtt or diarized_json."
    )
    temperature: float | None = None
    stream: bool | None = None


class OpenAiTranslation(GatewayFields, OpenAiWire):
    """Write down in English what a recording says, which is a file of a form."""

    model: str
    file: str = Field(description="A file of the form.")
    prompt: str | None = None
    response_format: str | None = Field(None, description="json, text, srt, verbose_json or vtt.")
    temperature: float | None = None


class OpenAiTranscriptionResponse(OpenAiWire):
    """What was said; other than in JSON it is text."""

    text: str
    language: str | None = None
    duration: float | None = Field(None, description="Seconds.")
    segments: list[Json] | None = None
    words: list[Json] | None = None
    usage: Json | None = None
