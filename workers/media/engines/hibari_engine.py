"""Speaks `text` by hibari, within limits, and writes `spoken.wav`; a process of its own.

`python -m workers.media.engines.hibari_engine LIMITS REQUEST`, both JSON.
"""

from __future__ import annotations

import json
import sys
import wave
from pathlib import Path
from typing import Any, Final

from workers.media.confined import confine

_WIDTH: Final = 2
#: The same text sounds the same each time.
_SEED: Final = 0


def speak(text: str, speed: float, path: Path) -> None:
    """Write a text, spoken, as a WAV of 16 bits; sentence by sentence: memory is bounded."""
    import numpy as np  # noqa: PLC0415 - comes with the engine
    from hibari import Hibari  # noqa: PLC0415 - within limits, and only here

    speaker = Hibari()
    with wave.open(str(path), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(_WIDTH)
        sound.setframerate(speaker.sample_rate)
        for sentence in speaker.split_sentences(text):
            spoken: Any = np.clip(speaker(sentence, speed=speed, seed=_SEED), -1.0, 1.0)
            sound.writeframes((spoken * 32767).astype("<i2").tobytes())


def main() -> None:
    """Speak; else say why not, in a line, with the exit status 1."""
    confine(**json.loads(sys.argv[1]))
    try:
        speed = json.loads(sys.argv[2])["speed"]
        speak(Path("text").read_text("utf-8"), speed, Path("spoken.wav"))
    except MemoryError:
        sys.exit("it takes too much memory")
    except Exception as exc:
        sys.exit(f"the text could not be spoken ({type(exc).__name__}: {exc})")


if __name__ == "__main__":
    main()
