"""Texts of what the server renders: a part of the pages' catalog, `static/js/texts/<language>/`."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Final

#: The language of the pages (BCP 47). Their scripts read it from the document.
LANGUAGE: Final = "en"
CATALOG: Final = Path(__file__).parents[1] / "static" / "js" / "texts"


def messages(path: Path) -> dict[str, str]:
    """Return the messages of a file of the catalog, by their keys.

    Such a file is a module for browsers whose default export is JSON. Raises ValueError for others.
    """
    _, separator, rest = path.read_text("utf-8").partition("export default ")
    if not separator:
        raise ValueError(f"{path.name} has no default export.")
    return dict(json.loads(rest.strip().removesuffix(";")))


@lru_cache
def _of(name: str) -> dict[str, str]:
    return messages(CATALOG / LANGUAGE / f"{name}.js")


def text(key: str, name: str = "server") -> str:
    """Return a text of this file that the server renders. Raises KeyError if there is none."""
    return _of(name)[key]
