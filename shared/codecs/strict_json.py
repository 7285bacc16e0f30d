"""JSON as the standard has it (RFC 8259): Python's own reader takes NaN and Infinity, too. Pure."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable
from typing import Any, Final, NoReturn

#: A byte order mark in UTF-8, which JSON does not have.
BOM: Final = b"\xef\xbb\xbf"


def _refuse(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")


_decode: Final[Callable[[str], Any]] = json.JSONDecoder(parse_constant=_refuse).decode


def parse(text: bytes) -> Any:
    """Return the value of a document in UTF-8. Raises ValueError for what is none.

    One that is nested too deep to be read is none either.
    """
    try:
        return _decode(text.decode("utf-8"))
    except RecursionError as exc:
        raise ValueError("nested too deep") from exc


def without_bom(text: bytes) -> bytes:
    """Return the text without the byte order mark that it may begin with."""
    return text.removeprefix(BOM)


def finite(value: Any) -> Any:
    """Return the value with each float that JSON cannot write as the largest that it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else math.copysign(sys.float_info.max, value)
    if isinstance(value, dict):
        return {name: finite(each) for name, each in value.items()}
    return [finite(each) for each in value] if isinstance(value, list) else value
