"""The chunks in a media job's stream: the events of OpenAI's API, references in place of files.

https://platform.openai.com/docs/api-reference/images-streaming and …/audio. Members whose names
begin with `$` are the gateway's, and nobody is shown them. Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from shared.operation import PICTURES, Operation

SOUND_DELTA: Final = "speech.audio.delta"
SOUND_DONE: Final = "speech.audio.done"
TEXT_DELTA: Final = "transcript.text.delta"
TEXT_SEGMENT: Final = "transcript.text.segment"
TEXT_DONE: Final = "transcript.text.done"
PARTIAL_PICTURE: Final = ".partial_image"
PICTURE: Final = ".completed"

#: What a sound is said to be; in its first chunk.
MEDIA_TYPE: Final = "$type"
#: Operations that a provider can be heard at while it answers.
LIVE: Final = frozenset(
    (*(PICTURES - {Operation.IMAGE_UPSCALE}), Operation.SPEECH, Operation.TRANSCRIPTION)
)
_OWN: Final = "$"


def shown(chunk: Mapping[str, Any]) -> dict[str, Any]:
    """Return what clients are shown of a chunk."""
    return {name: value for name, value in chunk.items() if not name.startswith(_OWN)}
