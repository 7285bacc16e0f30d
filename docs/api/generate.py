"""Writes the reference beside this file, a page a tag, from the catalog: `make docs-api`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from shared.dtos.base import Dto
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import Endpoint, Tag

HERE: Final = Path(__file__).parent


def pages() -> dict[str, str]:
    """Return each page's text by the name of its file."""
    found = {}
    for tag in Tag:
        told = [line for one in CATALOG if one.tag is tag for line in _endpoint(one)]
        head = [f"# {tag.capitalize()}", "", "Made from the catalog by `make docs-api`.", ""]
        found[f"{tag}.md"] = "\n".join([*head, *told]).rstrip() + "\n"
    return found


def _endpoint(one: Endpoint[Any]) -> Iterator[str]:
    yield from (f"## {one.name}", "", one.summary, "")
    yield from (f"- `{one.verb} {path}`" for path in one.paths if not path.endswith(".json"))
    scopes = " or ".join(f"`{scope}`" for scope in one.scopes)
    yield from ("", f"Scope: {scopes}." if scopes else "No key is needed.", "")
    yield from _fields("Request", one.request)
    if one.response is not None:
        yield from _fields("Response", one.response)
    if one.streams:
        yield from ("It may be answered as a stream.", "")
    if one.errors:
        rows = {f"- {error.status} `{error.code}`: {error().message}" for error in one.errors}
        yield from ("Errors of its own:", "", *sorted(rows), "")


def _fields(title: str, dto: type[Dto]) -> Iterator[str]:
    if not dto.model_fields:
        return
    yield from (f"{title} `{dto.__name__}`:", "", "| field | needed | meaning |", "|---|---|---|")
    for name, field in dto.model_fields.items():
        needed = "yes" if field.is_required() else ""
        meaning = (field.description or "").replace("|", "\\|")
        yield f"| `{field.alias or name}` | {needed} | {meaning} |"
    yield ""


def main() -> None:
    """Write the pages."""
    for name, text in pages().items():
        (HERE / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
