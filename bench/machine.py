"""What the numbers were measured on: the machine, and the versions that matter."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

from cli.up import embedded_redis

_LIBRARIES = ("celery", "kombu", "redis", "hiredis", "flask", "gunicorn", "gevent", "requests")


def facts() -> list[tuple[str, str]]:
    """Return name and value of each fact."""
    return [
        ("machine", f"{_cores()} cores, {_processor()}, {platform.system()}"),
        ("Python", sys.version.split()[0]),
        ("Redis", _redis()),
        ("libraries", ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)),
    ]


def _cores() -> int:
    """Return how many cores this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def _redis() -> str:
    server = embedded_redis.find_server()
    told = subprocess.run([server, "--version"], capture_output=True, text=True, check=False).stdout
    return next((word[2:] for word in told.split() if word.startswith("v=")), "unknown")
