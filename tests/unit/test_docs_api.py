"""The reference in docs/api/ is what the catalog says."""

from __future__ import annotations

import runpy
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs/api"


def test_reference_is_made_from_the_catalog_of_today() -> None:
    pages = runpy.run_path(str(FOLDER / "generate.py"))["pages"]()
    written = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.glob("*.md")}
    assert written == pages, "run `make docs-api`"
