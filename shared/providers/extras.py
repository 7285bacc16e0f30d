"""Headers and query values that an operator adds to every request of a provider.

A value is a text, or `env:NAME` for what the environment variable of that name holds.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field

_FROM_ENVIRONMENT: Final = "env:"
#: Headers that belong to the request as it is sent, not to its meaning.
_RESERVED: Final = frozenset(
    ("connection", "content-length", "content-type", "expect", "host", "transfer-encoding")
)
# A token of RFC 9110 §5.6.2.
_is_token = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+").fullmatch
_is_text = re.compile(r"[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?").fullmatch
names_secret = re.compile(
    r"(^|[-_])(auth|authorization|cookie|credentials?|password|secret|sig|token|(api)?key)$",
    re.IGNORECASE,
).search
#: Schemes of `Authorization`, and how keys of the usual providers begin.
_is_like_secret = re.compile(r"(bearer|basic) |(sk|pk|gsk|xai|hf|ak)[-_]|AIza", re.IGNORECASE).match
_is_variable = re.compile(r"[A-Za-z_][A-Za-z0-9_]*").fullmatch


def _check_value(name: str, value: str) -> None:
    if value.startswith(_FROM_ENVIRONMENT):
        if not _is_variable(value.removeprefix(_FROM_ENVIRONMENT)):
            raise ValueError(f"the value of '{name}' must name an environment variable after env:")
    elif not _is_text(value):
        raise ValueError(f"the value of '{name}' must be printable ASCII without spaces around it")


def check_header_name(name: str) -> str:
    """Return the name. Raises ValueError for one that HTTP does not allow or a call sets itself."""
    if not _is_token(name):
        raise ValueError(f"{name!r} is not the name of a header")
    if name.lower() in _RESERVED:
        raise ValueError(f"the header '{name}' cannot be set")
    return name


def _check_headers(headers: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in headers.items():
        check_header_name(name)
        _check_value(name, value)
    return headers


def _check_query(query: Mapping[str, str]) -> Mapping[str, str]:
    for name, value in query.items():
        _check_value(name, value)
    return query


# Never in a repr: a value may be a secret.
Headers = Annotated[Mapping[str, str], AfterValidator(_check_headers), Field(repr=False)]
Query = Annotated[Mapping[str, str], AfterValidator(_check_query), Field(repr=False)]
HeaderName = Annotated[str, AfterValidator(check_header_name)]


def open_secrets(headers: Mapping[str, str], query: Mapping[str, str]) -> list[str]:
    """Return the names whose values are written out although they are, or look like, secrets."""
    return [
        name
        for name, value in (*headers.items(), *query.items())
        if not value.startswith(_FROM_ENVIRONMENT)
        and (names_secret(name) or _is_like_secret(value))
    ]


def variables(values: Mapping[str, str]) -> list[str]:
    """Return the environment variables that the values name."""
    named = (value for value in values.values() if value.startswith(_FROM_ENVIRONMENT))
    return [value.removeprefix(_FROM_ENVIRONMENT) for value in named]


def resolved(
    values: Mapping[str, str], environment: Mapping[str, str]
) -> tuple[tuple[str, str], ...]:
    """Return the names with their values; those whose variable is not set are left out."""
    pairs = ((name, _value(value, environment)) for name, value in values.items())
    return tuple((name, value) for name, value in pairs if value)


def _value(value: str, environment: Mapping[str, str]) -> str | None:
    if not value.startswith(_FROM_ENVIRONMENT):
        return value
    return environment.get(value.removeprefix(_FROM_ENVIRONMENT))
