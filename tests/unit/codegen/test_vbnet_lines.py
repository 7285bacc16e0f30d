"""VB.NET, whose compiler cannot be had here: each line of the file is one that the language knows.

Its blocks are closed in order, its types are those of the file or of libraries, its names are free.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest

from codegen.dotnet.vbnet import _RESERVED, VbNet
from codegen.from_catalog import whole_model
from codegen.options import read_options
from codegen.writer import Origin

_NAME = r"(?:\[[A-Za-z_]\w*\]|[A-Za-z_]\w*)"
_TYPE = r"[\w\[\], ()]+"
_LINES = {
    "comment": r"'.*",
    "import": r"Imports [A-Za-z][\w.]*",
    "open": rf"(?:Namespace Global\.[\w.]+|Public Enum {_NAME}|"
    rf"Public (?:Partial )?Class {_NAME}(?:\(Of \w+(?:, \w+)*\))?)",
    "close": r"End (?:Namespace|Enum|Class)",
    "attribute": r'<(?:DataContract|Route\("[^"]*", "[A-Z]+"\)|EnumMember\(Value:="[^"]*"\)|'
    r'DataMember\(Name:="[^"]*"\))>',
    "inherits": rf"Inherits {_TYPE}",
    "implements": rf"Implements {_TYPE}",
    "property": rf"Public (?:Overridable )?Property {_NAME} As {_TYPE}\??(?: = New {_TYPE}\(\))?",
    "member": rf"{_NAME}(?: = -?\d+)?",
    "empty": "",
}
_BLOCK = re.compile(r"\b(Namespace|Enum|Class)\b")
_KNOWN = {
    *("Of", "List", "Dictionary", "String", "Integer", "Long", "Double", "Boolean", "Date"),
    *("Object", "Byte", "TimeSpan", "IReturn", "IReturnVoid", "IGet", "IPost", "IPut", "IPatch"),
    *("IDelete", "ResponseStatus", "ResponseError", "QueryResponse", "EmptyResponse"),
    *("IdResponse", "StringResponse", "T"),
}


def _file(*options: tuple[str, str]) -> str:
    return VbNet(whole_model(), read_options(options, VbNet.defaults)).text(
        Origin("https://shop.test", "1.0", "2026-01-31")
    )


def _read(text: str) -> Iterator[tuple[str, str]]:
    """Give each line with its kind. Raises AssertionError for a line that is none."""
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        kind = next((kind for kind, one in _LINES.items() if re.fullmatch(one, bare)), "")
        assert kind, f"{number}: {line}"
        yield kind, bare


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="as usual"),
        pytest.param((("InitializeCollections", "True"), ("MakePartial", "False")), id="filled"),
        pytest.param((("AddDataContractAttributes", "True"), ("MakeVirtual", "False")), id="bare"),
    ],
)
def test_each_line_is_one_of_the_language(options: tuple[tuple[str, str], ...]) -> None:
    blocks: list[str] = []
    before = ""
    for kind, line in _read(_file(*options)):
        if kind == "open":
            blocks.append(_BLOCK.findall(line)[0])
        elif kind == "close":
            assert line == f"End {blocks.pop()}"
        elif kind in ("inherits", "implements"):
            assert before in ("open", "inherits", "implements"), line
            assert kind == "implements" or before == "open", line
        elif kind == "member":
            assert blocks[-1] == "Enum", line
        elif kind == "property":
            assert blocks[-1] == "Class", line
        # An attribute is for the line below it.
        assert before != "attribute" or kind in ("attribute", "open", "property", "member"), line
        before = kind
    assert not blocks


def test_types_and_names_are_free_and_known() -> None:
    text = _file()
    classes = re.compile(r"^ +Public (?:Partial )?(?:Class|Enum) \[?(\w+)", re.MULTILINE)
    types = re.compile(r"(?:Inherits|Implements|Property \S+ As) (.+?)\??$", re.MULTILINE)
    declared = set(classes.findall(text))
    for written in types.findall(text):
        assert set(re.findall(r"\w+", written)) <= declared | _KNOWN, written
    for name in re.findall(r"^ +Public .*?(?:Class|Enum|Property) (\w+)", text, re.MULTILINE):
        assert name.lower() not in _RESERVED, name


def test_no_class_names_a_property_twice() -> None:
    for body in re.split(r"Public (?:Partial )?Class ", _file())[1:]:
        names = [one.lower() for one in re.findall(r"Property \[?(\w+)", body)]
        assert len(names) == len(set(names)), body[:60]
