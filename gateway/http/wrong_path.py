"""What a client meant that asks at a path which is not there: mostly its base URL is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from typing import Final

from shared.dtos.endpoint import DTO_PREFIXES

#: Paths under which clients of OpenAI's API are told, elsewhere, that it is.
_behind: Final = re.compile(r"^.*?(?=/v1/)").sub
_VERSION: Final = "/v1"
#: How alike a mistyped name and the right one are; what is longer than any is not looked for.
_ALIKE: Final = 0.7
_LONGEST_NAME: Final = 60


def meant(path: str, is_there: Callable[[str], bool]) -> str | None:
    """Return the path that is likely meant, of those that are there."""
    return next((one for one in _candidates(path) if one != path and is_there(one)), None)


def alike(path: str, names: Collection[str], is_there: Callable[[str], bool]) -> str | None:
    """Return the path of the DTO that begins as the one that is asked for, or is most like it."""
    prefix, _, name = path.rpartition("/")
    if prefix not in DTO_PREFIXES or len(name) > _LONGEST_NAME:
        return None
    longer = sorted((one for one in names if name and one.startswith(name)), key=len)
    close = [*longer, *difflib.get_close_matches(name, names, n=3, cutoff=_ALIKE)]
    return next((found for one in close if is_there(found := f"{prefix}/{one}")), None)


def advice(path: str, base: str) -> str:
    """Return what to set so that a client asks there."""
    if path.startswith(f"{_VERSION}/"):
        return f"did you mean {path}? OpenAI's clients want the base URL {base}{_VERSION}"
    if path.startswith(tuple(f"{prefix}/" for prefix in DTO_PREFIXES)):
        return f"did you mean {path}? ServiceStack's and Ollama's clients want the base URL {base}"
    return f"did you mean {path}?"


def _candidates(path: str) -> Iterator[str]:
    tidy = re.sub(r"//+", "/", path).rstrip("/")
    yield tidy
    yield _VERSION + tidy
    yield re.sub(r"^(?:/v1)+", "", tidy)
    # …/v1/v1/models, /openai/v1/models, /api/v1/models
    without = re.sub(r"(?:/v1)+/", f"{_VERSION}/", tidy)
    yield without
    yield _behind("", without)
    yield re.sub(r"^(?:/api)+/", "/api/", tidy)
    # /openai/chat/completions, /engines/m/chat/completions
    if found := re.search(r"/(?:chat/)?(?:completions|embeddings|models|responses)$", tidy):
        yield _VERSION + found[0]
