"""DTOs of OpenAI's calls for pictures, sound and moderation: they tell what stands in bodies.

Names are OpenAI's own. Unknown names pass to the provider.
https://platform.openai.com/docs/api-reference/images, …/audio and …/moderations
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from shared.dtos.inference import GatewayFields, OpenAiWire

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
