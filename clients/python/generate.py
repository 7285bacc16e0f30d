"""Writes `src/replyto_client/dtos.py` from the catalog: `make docs-api`."""

from __future__ import annotations

import keyword
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from gateway.openapi.schemas import components

FILE = Path(__file__).parent / "src" / "replyto_client" / "dtos.py"
_HEAD = '''"""The DTOs of ReplyTo's API, as JSON has them. Made by `make docs-api`."""

from __future__ import annotations

from typing import Any, Literal, NotRequired, TypedDict

'''
_KINDS = {
    "string": "str",
    "integer": "int",
    "number": "float",
    "boolean": "bool",
    "null": "None",
    "object": "dict[str, Any]",
}


def text() -> str:
    """Return the file."""
    named = {n: s for n, s in components().items() if s.get("type") == "object" and n != "Error"}
    return _HEAD + "\n".join(line for name, one in named.items() for line in _class(name, one))


def _class(name: str, schema: dict[str, Any]) -> Iterator[str]:
    fields = schema.get("properties", {})
    required = schema.get("required", ())
    rows = {f: _field(one, is_required=f in required) for f, one in fields.items()}
    if all(f.isidentifier() and not keyword.iskeyword(f) for f in rows):
        yield f"\nclass {name}(TypedDict):"
        if says := " ".join(schema.get("description", "").split("\n")[0].split()):
            yield f'    """{says.replace(chr(92), "/")}"""\n'
        yield from (f"    {field}: {type_}" for field, type_ in rows.items())
        if not rows and not says:
            yield "    pass"
    else:
        pairs = ", ".join(f'"{field}": "{type_}"' for field, type_ in rows.items())
        yield f'\n{name} = TypedDict("{name}", {{{pairs}}})'
    yield ""


def _field(schema: dict[str, Any], *, is_required: bool) -> str:
    told = _type(schema)
    return told if is_required else f"NotRequired[{told}]"


def _type(schema: dict[str, Any]) -> str:
    if ref := schema.get("$ref"):
        name = ref.rsplit("/", 1)[-1]
        found = components()[name]
        return name if found.get("type") == "object" else _type(found)
    if choices := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(_type(one) for one in choices))
    if values := schema.get("enum"):
        return f"Literal[{', '.join(repr(value) for value in values)}]".replace('"', "'")
    if schema.get("type") == "array":
        return f"list[{_type(schema.get('items', {}))}]"
    if schema.get("type") == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"dict[str, {_type(schema['additionalProperties'])}]"
    return _KINDS.get(schema.get("type", ""), "Any")


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
