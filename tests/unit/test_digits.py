"""Numbers in texts have the digits 0 to 9: Python itself takes those of all scripts."""

# ruff: noqa: RUF001 - these are what is tested

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError
from werkzeug.exceptions import NotFound

from gateway.http.flask_app import App
from gateway.media.form_calls import media_call
from gateway.media.uploads import Upload
from shared.codecs.moments import UnixMs, to_unix_ms
from shared.dtos.media.transforms import to_seconds
from shared.errors import ValidationFailed
from shared.operation import Operation
from shared.store.address import read_address
from shared.wire.run_after import read_run_after
from workers.media.pictures.replicate_inputs import nearest
from workers.providers.answers.told import error_beside_answer

ROOT = Path(__file__).parents[2]
_READERS = {"isdigit", "isdecimal", "isnumeric"}
#: Their texts are bytes, or of latin-1, which have no other digits.
_OF_BYTES = {"gateway/http/request.py", "gateway/server/access_log.py"}


def _files() -> list[Path]:
    rooms = ("gateway", "workers", "shared", "cli", "codegen")
    return [file for room in rooms for file in (ROOT / room).rglob("*.py")]


def _functions(tree: ast.AST) -> Iterator[tuple[int, set[str]]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            inside = {one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute)}
            yield node.lineno, inside


def test_no_pattern_takes_digits_of_other_scripts() -> None:
    written = re.compile(r"\\d")
    found = [str(file) for file in _files() if written.search(file.read_text("utf-8"))]
    assert not found, "write [0-9]"


def test_who_asks_for_digits_asks_for_ascii() -> None:
    found = [
        f"{file}:{line}"
        for file in _files()
        if str(file.relative_to(ROOT)) not in _OF_BYTES
        for line, names in _functions(ast.parse(file.read_text("utf-8")))
        if names & _READERS and "isascii" not in names
    ]
    assert not found


class _Row(BaseModel):
    number: int = 0
    share: float = 0
    moment: UnixMs = None


@pytest.mark.parametrize("text", ["١", "１", "१", "1١"])
@pytest.mark.parametrize("name", list(_Row.model_fields))
def test_fields_take_no_digits_of_other_scripts(name: str, text: str) -> None:
    with pytest.raises(ValidationError):
        _Row.model_validate({name: text})


@pytest.mark.parametrize("text", ["١", "٢٫٥", "１.5", "/Date(١)/", "٢٠٢٦-٠١-٠١T٠٠:٠٠:٠٠Z"])
def test_moments_take_no_digits_of_other_scripts(text: str) -> None:
    with pytest.raises(ValidationFailed):
        read_run_after(text)
    with pytest.raises(ValueError, match="must be a date"):
        to_unix_ms(text)
    assert to_seconds(f"0:0{text}") is None


@pytest.mark.parametrize("text", ["١", "1_0", "nan", "inf", "1e400", "0"])
def test_time_limit_in_a_form_is_a_number(text: str) -> None:
    with pytest.raises(ValidationFailed, match="timeoutSecs must be a number above 0"):
        _form_call({"timeoutSecs": text})


def _form_call(told: dict[str, Any]) -> None:
    media_call(Operation.TRANSCRIPTION, {"model": "m"}, Upload(), told)


@pytest.mark.parametrize("text", ["١", "1_0", "1e3"])
def test_seconds_of_an_address_are_a_number(text: str) -> None:
    with pytest.raises(ValueError, match="must be seconds"):
        read_address(f"redis://localhost/0?socket_timeout={text}")


def test_numbers_in_paths_are_of_ascii() -> None:
    app = App("test")
    app.add_url_rule("/results/<int:job_id>", "results")
    routes = app.url_map.bind("")
    assert routes.match("/results/12") == ("results", {"job_id": 12})
    for text in ("١", "1" * 20):
        with pytest.raises(NotFound):
            routes.match(f"/results/{text}")


def test_others_numbers_are_read_as_they_are() -> None:
    assert nearest(1.0, ["١:١", "16:9"]) == "16:9"
    assert error_beside_answer({"base_resp": {"status_code": "١٠٠٢"}}) is None
