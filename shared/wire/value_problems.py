"""What a value must be, in words: for what pydantic finds wrong. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Mapping
from typing import Final

from pydantic_core import ErrorDetails

_NUMBER: Final = "must be a number"
_WHOLE: Final = "must be a whole number"
_FLAG: Final = "must be true or false"
_TEXT: Final = "must be a text"
_LIST: Final = "must be a list"
_OBJECT: Final = "must be an object"
_URL: Final = "must be a URL such as http://127.0.0.1:8000/v1"
#: By what pydantic calls the error; what stands in braces is in its context.
_WORDS: Final[Mapping[str, str]] = {
    "missing": "is missing",
    **dict.fromkeys(("int_type", "int_parsing", "int_from_float", "int_parsing_size"), _WHOLE),
    **dict.fromkeys(("float_type", "float_parsing", "finite_number"), _NUMBER),
    **dict.fromkeys(("bool_type", "bool_parsing"), _FLAG),
    "string_type": _TEXT,
    **dict.fromkeys(("list_type", "tuple_type", "set_type"), _LIST),
    **dict.fromkeys(("dict_type", "mapping_type", "model_type", "model_attributes_type"), _OBJECT),
    "too_short": "must have {min_length} or more entries",
    "too_long": "must have at most {max_length} entries",
    "string_too_short": "must have {min_length} or more characters",
    "string_too_long": "must have at most {max_length} characters",
    "greater_than": "must be above {gt:.15g}",
    "greater_than_equal": "must be at least {ge:.15g}",
    "less_than": "must be below {lt:.15g}",
    "less_than_equal": "must be at most {le:.16g}",
    **dict.fromkeys(("url_type", "url_parsing"), _URL),
    "url_scheme": "must be a URL that begins with http:// or https://",
}
_PRINTABLE: Final = "must not have control characters or line breaks"
#: The same of a text whose form is a pattern, by that pattern.
FORMS: Final[Mapping[str, str]] = {
    r"^[^\x00-\x1f\x7f]*$": _PRINTABLE,
    r"^[^\x00-\x1f\x7f]+$": _PRINTABLE,
    r"^[\x21-\x7e]+$": "must have letters, digits and signs of ASCII only, without blanks",
    r"^[A-Za-z0-9_-]{1,64}$": "must have letters, digits, - and _ only, 64 at most",
    r"^[a-zA-Z_:][a-zA-Z0-9_:]*$": "must have letters, digits, _ and : only, no digit first",
    r"^[0-9]{1,15}-[0-9]{1,15}$": "must be what an earlier call answered there",
    r"^([1-9]|[1-9][0-9]|1[0-5][0-9]|16[0-8])h$": "must be whole hours from 1h to 168h",
}
#: How pydantic begins what our own checks say, and most of what it says itself.
_OWN: Final = "Value error, "
_INPUT: Final = "Input should be"


def no_such_field(name: str, known: Collection[str], *, tells_all: bool = False) -> str:
    """Return what is wrong with a name that no field has, and which may be meant or there are."""
    close = difflib.get_close_matches(name, known, n=1)
    others = f"; there are {', '.join(known)}" if tells_all else ""
    return f"there is no such field{f'; did you mean {close[0]}?' if close else others}"


def value_problem(found: ErrorDetails) -> str:
    """Return what the value must be; never the value, which may be a secret."""
    kind = found["type"]
    context = found.get("ctx", {})
    if kind in ("literal_error", "enum"):
        return f"must be one of {str(context['expected']).replace(' or ', ', ')}"
    if kind == "string_pattern_mismatch":
        form = str(context["pattern"])
        return FORMS.get(form, f"must have the form {form}")
    if kind in _WORDS:
        return _WORDS[kind].format_map(context)
    return found["msg"].removeprefix(_OWN).replace(_INPUT, "must be")
