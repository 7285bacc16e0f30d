"""Fields of forms that hold lists, as the encoders of several languages name them. Pure.

OpenAI's SDKs send `image[]`, repeated; PHP's http_build_query, axios and others count: `image[0]`,
`image[1]`; curl repeats `image`. Kept is the first of these, which is what OpenAI takes. A name
with a word in brackets, `expires_after[seconds]`, is that of a member, and stays as it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from typing import Any

from shared.wire.naming import fold

_listed = re.compile(r"([^\[\]]+)\[[0-9]{0,6}\]").fullmatch


def plain_name(sent: str) -> str:
    """Return a field's name without what says that it holds one of a list: `a`, of `a[0]`."""
    found = _listed(sent)
    return found[1] if found else sent


def is_named(sent: str, name: str) -> bool:
    """Whether a field is that one, or one of its list, in whatever spelling."""
    return fold(plain_name(sent)) == fold(name)


def one_spelling(names: Iterable[str]) -> list[str]:
    """Return names with each list spelled `name[]`: what comes repeatedly is one."""
    sent = list(names)
    counted = Counter(map(plain_name, sent))
    return [
        _as_list(plain) if counted[plain] > 1 or plain != name else name
        for name, plain in ((name, plain_name(name)) for name in sent)
    ]


def gathered(fields: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return fields by their names, the values of each list in their order.

    A value that is a list already, as one of JSON may be, is one of a list.
    """
    sent = list(fields)
    names = one_spelling(_as_list(name) if isinstance(one, list) else name for name, one in sent)
    found: dict[str, Any] = {}
    for name, (_, value) in zip(names, sent, strict=True):
        found[name] = [*_all(found[name]), *_all(value)] if name in found else value
    return found


def _as_list(name: str) -> str:
    return f"{plain_name(name)}[]"


def _all(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]
