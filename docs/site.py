"""Makes links out of docs/ work on the site: the project's pages come along, sources are named.

A hook of mkdocs: see `hooks` in mkdocs.yml.
"""

import re
import textwrap
from pathlib import Path
from typing import Any

from mkdocs.structure.files import File, Files

ROOT = Path(__file__).parents[1]
PAGES = ("README.md", "CONTRIBUTING.md", "CHANGELOG.md", "SECURITY.md")
_TABS = re.compile(r"<!-- tabs -->\n(.*?)<!-- /tabs -->\n", re.DOTALL)
_LINK = re.compile(r"(?<!!)\[([^\]]+)\]\(([^)#\s:]+)(#[^)]*)?\)")


def on_files(files: Files, config: Any) -> Files:
    """Add the pages that stand beside docs/."""
    for name in PAGES:
        text = (ROOT / name).read_text("utf-8")
        page = text.replace("](docs/", "](../").replace('"docs/img/', '"../../img/')
        files.append(File.generated(config, f"project/{name.lower()}", content=page))
    return files


def on_page_markdown(markdown: str, *, page: Any, **_: Any) -> str:
    """Lead links to those pages there, and leave of links to other files their words."""
    markdown = _TABS.sub(lambda found: tabbed(found[1]), markdown)
    folder = (ROOT / "docs" / page.file.src_uri).parent

    def led(found: re.Match[str]) -> str:
        text, target, anchor = found[1], found[2], found[3] or ""
        if page.file.src_uri.startswith("project/"):
            if target in PAGES:
                return f"[{text}]({target.lower()}{anchor})"
            return found[0] if target.startswith("../") else text
        path = (folder / target).resolve()
        if path.is_relative_to(ROOT / "docs"):
            return found[0] if path.is_file() else text
        if path.name in PAGES and path.parent == ROOT:
            up = "../" * page.file.src_uri.count("/")
            return f"[{text}]({up}project/{path.name.lower()}{anchor})"
        return text

    return _LINK.sub(led, markdown)


def tabbed(sections: str) -> str:
    """Return sections, each below a heading of the third level, as tabs beside each other."""
    shown = []
    for section in re.split(r"^### ", sections, flags=re.MULTILINE)[1:]:
        title, _, text = section.partition("\n")
        shown.append(f'=== "{title}"\n\n{textwrap.indent(text.strip(), "    ")}\n')
    return "\n".join(shown) + "\n"
