"""The names of the other requests of OpenAI's API; below the top level all is opaque."""

from __future__ import annotations

from typing import Final

from shared.wire.naming import GATEWAY_FIELDS, Shape

#: https://platform.openai.com/docs/api-reference/completions/create
COMPLETION: Final = Shape(
    "model",
    "prompt",
    "best_of",
    "echo",
    "frequency_penalty",
    "logit_bias",
    "logprobs",
    "max_tokens",
    "n",
    "presence_penalty",
    "seed",
    "stop",
    "stream",
    "suffix",
    "temperature",
    "top_p",
    "user",
    ours=GATEWAY_FIELDS,
    stream_options=Shape("include_usage", "include_obfuscation"),
)

#: https://platform.openai.com/docs/api-reference/embeddings/create
EMBEDDING: Final = Shape(
    "model", "input", "dimensions", "encoding_format", "user", ours=GATEWAY_FIELDS
)

#: https://platform.openai.com/docs/api-reference/responses/create. `background` is the gateway's:
#: its queue is the background, and the provider is asked for the answer itself.
RESPONSE: Final = Shape(
    "model",
    "input",
    "conversation",
    "include",
    "instructions",
    "max_output_tokens",
    "max_tool_calls",
    "metadata",
    "parallel_tool_calls",
    "previous_response_id",
    "prompt",
    "prompt_cache_key",
    "prompt_cache_retention",
    "reasoning",
    "safety_identifier",
    "service_tier",
    "store",
    "stream",
    "temperature",
    "text",
    "tool_choice",
    "tools",
    "top_logprobs",
    "top_p",
    "truncation",
    "user",
    ours=(*GATEWAY_FIELDS, "background"),
    stream_options=Shape("include_obfuscation"),
)

#: https://platform.openai.com/docs/api-reference/moderations/create
MODERATION: Final = Shape("model", "input", ours=GATEWAY_FIELDS)

#: https://platform.openai.com/docs/api-reference/images/create
IMAGE: Final = Shape(
    "model",
    "prompt",
    "background",
    "moderation",
    "n",
    "output_compression",
    "output_format",
    "partial_images",
    "quality",
    "response_format",
    "size",
    "stream",
    "style",
    "user",
    ours=GATEWAY_FIELDS,
)

#: Edits whose pictures are named instead of sent.
#: https://platform.openai.com/docs/api-reference/images/createEdit
IMAGE_EDIT: Final = Shape(
    "model",
    "prompt",
    "background",
    "input_fidelity",
    "moderation",
    "n",
    "output_compression",
    "output_format",
    "partial_images",
    "quality",
    "response_format",
    "size",
    "stream",
    "user",
    ours=GATEWAY_FIELDS,
    images=Shape("image_url", "file_id"),
    mask=Shape("image_url", "file_id"),
)

#: https://platform.openai.com/docs/api-reference/audio/createSpeech
SPEECH: Final = Shape(
    "model",
    "input",
    "instructions",
    "response_format",
    "speed",
    "stream_format",
    "voice",
    ours=GATEWAY_FIELDS,
)
