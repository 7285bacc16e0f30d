"""What a job asks of an LLM: one operation of the APIs that providers speak."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Operation(StrEnum):
    """The operations a job can be; their values stand in the ledger."""

    CHAT = "chat"
    COMPLETION = "completion"
    EMBEDDING = "embedding"
    RESPONSE = "response"
    OLLAMA_GENERATE = "ollama_generate"
    MODERATION = "moderation"
    IMAGE = "image"
    IMAGE_EDIT = "image_edit"
    IMAGE_VARIATION = "image_variation"
    IMAGE_UPSCALE = "image_upscale"
    IMAGE_TO_TEXT = "image_to_text"
    SPEECH = "speech"
    TRANSCRIPTION = "transcription"
    TRANSLATION = "translation"
    TRANSFORM = "transform"


#: Whose answers are pictures.
PICTURES: Final = frozenset(
    (
        Operation.IMAGE,
        Operation.IMAGE_EDIT,
        Operation.IMAGE_VARIATION,
        Operation.IMAGE_UPSCALE,
    )
)
#: Whose answers are what was said in a recording.
TRANSCRIPTS: Final = frozenset((Operation.TRANSCRIPTION, Operation.TRANSLATION))
#: Whose requests or answers have files, which are artifacts: the ledger refers to them.
MEDIA: Final = (
    PICTURES
    | TRANSCRIPTS
    | frozenset((Operation.IMAGE_TO_TEXT, Operation.SPEECH, Operation.TRANSFORM))
)
#: Those of them whose answer is a text.
TEXTS: Final = TRANSCRIPTS | frozenset((Operation.IMAGE_TO_TEXT,))

#: Whose responses are asked for as chats (`workers/providers/by_chat/`): they store nothing.
RESPONSES_BY_CHAT: Final = ("anthropic", "ollama")

#: What providers of each type can be asked: the gateway refuses the rest, and no attempt goes to
#: a provider that could not answer. The dialects in `workers/providers/` speak just these.
OPERATIONS_BY_TYPE: Final[Mapping[str, frozenset[Operation]]] = {
    "openai": frozenset(
        (
            *(Operation.CHAT, Operation.COMPLETION, Operation.EMBEDDING, Operation.RESPONSE),
            *(Operation.MODERATION, Operation.IMAGE, Operation.IMAGE_EDIT),
            *(Operation.IMAGE_VARIATION, Operation.IMAGE_TO_TEXT),
            *(Operation.SPEECH, Operation.TRANSCRIPTION, Operation.TRANSLATION),
        )
    ),
    "ollama": frozenset(
        (
            Operation.CHAT,
            Operation.COMPLETION,
            Operation.EMBEDDING,
            Operation.OLLAMA_GENERATE,
            Operation.RESPONSE,
        )
    ),
    "anthropic": frozenset((Operation.CHAT, Operation.RESPONSE)),
    "automatic1111": frozenset(
        (
            *(Operation.IMAGE, Operation.IMAGE_EDIT),
            *(Operation.IMAGE_UPSCALE, Operation.IMAGE_TO_TEXT),
        )
    ),
    "comfyui": frozenset((Operation.IMAGE, Operation.IMAGE_EDIT, Operation.IMAGE_UPSCALE)),
    "replicate": frozenset(
        (
            *(Operation.IMAGE, Operation.IMAGE_EDIT),
            *(Operation.IMAGE_UPSCALE, Operation.IMAGE_TO_TEXT),
        )
    ),
    # Engines of our own, in a worker of ours; which can do what: `shared/media/engines.py`.
    "local": frozenset(
        (
            *(Operation.TRANSFORM, Operation.IMAGE_UPSCALE, Operation.IMAGE_TO_TEXT),
            *(Operation.SPEECH, Operation.TRANSCRIPTION, Operation.TRANSLATION),
        )
    ),
}
