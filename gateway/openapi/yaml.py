"""Writes JSON's kinds of values as YAML: blocks for what holds others, JSON's own text for texts.

Every JSON text is a YAML scalar (https://yaml.org/spec/1.2.2/#13-terminology), so a writer of this
size is enough; a library would be a dependency for one file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, Final

_plain_key: Final = re.compile(r"[A-Za-z_/][A-Za-z0-9_/.-]*").fullmatch
#: What ends a line in YAML, and not in JSON.
_BREAKS: Final = {ord(sign): f"\\u{ord(sign):04x}" for sign in "\x85\u2028\u2029\x7f\ufeff"}
#: What YAML readers take for something else than a text.
_WORDS: Final = ("y", "n", "yes", "no", "on", "off", "true", "false", "null")


def to_yaml(value: Any) -> str:
    """Return the value as a YAML document."""
    return "\n".join(_lines(value)) + "\n"


def _lines(value: Any) -> Iterator[str]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _entry(f"{_key(str(key))}:", inner, "  ")
    elif isinstance(value, list) and value:
        for inner in value:
            yield from _entry("-", inner, "  ")
    else:
        yield json.dumps(value, ensure_ascii=False).translate(_BREAKS)


def _entry(head: str, value: Any, indent: str) -> Iterator[str]:
    inner = _lines(value)
    if isinstance(value, dict | list) and value:
        yield head
        yield from (f"{indent}{line}" for line in inner)
    else:
        yield f"{head} {next(inner)}"


def _key(name: str) -> str:
    return name if _plain_key(name) and name.lower() not in _WORDS else json.dumps(name)
