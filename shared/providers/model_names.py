"""What well-known names of models say of what they can do. Pure.

Nobody is refused by it: it finds a model for who names none, and lists those for pictures or talks.
"""

from __future__ import annotations

import re
from typing import Final

from shared.operation import Operation

#: Words of names, as OpenAI and the servers that speak its API have them.
_PICTURES: Final = r"dall-e|gpt-image|chatgpt-image|stable-?diffusion|sdxl|\bsd[0-9x]|flux|imagen"
_SPEECH: Final = r"\btts\b|-tts|kokoro|piper|\bbark\b|parler"
_HEARING: Final = r"whisper|transcribe|parakeet|canary"
_EMBEDDINGS: Final = r"embed|\bbge-|\be5-|\bgte-"
_EYES: Final = (
    r"gpt-4o|gpt-4\.1|gpt-5|llava|vision|-vl\b|pixtral|moondream|claude|gemini|florence|\bblip"
)

_WORDS: Final = {
    Operation.IMAGE: _PICTURES,
    Operation.IMAGE_EDIT: r"dall-e-2|gpt-image|chatgpt-image|kontext|inpaint",
    Operation.IMAGE_VARIATION: r"dall-e-2",
    Operation.IMAGE_UPSCALE: r"upscal|esrgan|gfpgan|swin2?ir",
    Operation.SPEECH: _SPEECH,
    Operation.TRANSCRIPTION: _HEARING,
    Operation.TRANSLATION: r"whisper",
    Operation.MODERATION: r"moderation",
    Operation.IMAGE_TO_TEXT: rf"(?!.*(?:{_HEARING}|{_SPEECH}))(?:.*)(?:{_EYES})",
}
#: What models are for that nobody talks to.
_SILENT: Final = re.compile(
    rf"{_PICTURES}|{_SPEECH}|{_HEARING}|{_EMBEDDINGS}|moderation|upscal|esrgan|rerank",
    re.IGNORECASE,
)
_PATTERNS: Final = {name: re.compile(words, re.IGNORECASE) for name, words in _WORDS.items()}


def is_named_for(model: str, operation: Operation) -> bool:
    """Whether a provider's own name of a model says that it is for this."""
    pattern = _PATTERNS.get(operation)
    if pattern is None:
        return False
    find = pattern.match if operation is Operation.IMAGE_TO_TEXT else pattern.search
    return find(model) is not None


def is_for_talks(model: str) -> bool:
    """Whether a provider's own name of a model does not say that it is for something else."""
    return _SILENT.search(model) is None
