"""Which version of ReplyTo this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _version() -> str:
    try:
        return version("replyto")
    except PackageNotFoundError:
        return ""


#: Empty where it runs without having been installed.
VERSION: Final = _version()
