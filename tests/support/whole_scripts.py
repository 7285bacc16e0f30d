"""Writes the Lua scripts as Redis gets them, each with what it includes: `luacheck` reads those."""

from __future__ import annotations

import sys
from pathlib import Path

from shared.store import scripts


def write(folder: Path) -> None:
    """Write every script into the folder, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in scripts._files():
        (folder / f"{name}.lua").write_text(scripts.load(name).text, "utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
