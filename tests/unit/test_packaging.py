"""The wheel has all that the source tree has: migrations, scripts, pages."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("cli", "codegen", "gateway", "shared", "workers")
DATA = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"][
    "package-data"
]


def files(package: str) -> set[Path]:
    found = (path for path in (ROOT / package).rglob("*") if path.is_file())
    return {path for path in found if "__pycache__" not in path.parts}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_file_that_is_no_module_is_declared(package: str) -> None:
    declared = {
        path for pattern in DATA.get(package, ()) for path in (ROOT / package).glob(pattern)
    }
    assert {path for path in files(package) if path.suffix != ".py"} <= declared


@pytest.mark.parametrize("package", PACKAGES)
def test_every_folder_with_modules_is_a_package(package: str) -> None:
    folders = {path.parent for path in files(package) if path.suffix == ".py"}
    assert [folder for folder in folders if not (folder / "__init__.py").is_file()] == []
