"""docs/clients.md shows the examples that are compiled and run."""

from __future__ import annotations

import runpy
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "docs"


def test_page_is_made_of_the_programs_of_today() -> None:
    page = runpy.run_path(str(FOLDER / "clients.py"))["page"]()
    assert (FOLDER / "clients.md").read_text("utf-8") == page, "run `make docs-api`"
