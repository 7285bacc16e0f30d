"""How a call's fields and files stand in a form: `multipart/form-data`, as SDKs send it.

https://spec.openapis.org/oas/v3.1.1.html#special-considerations-for-multipart-content
"""

from __future__ import annotations

from typing import Any, Final

from gateway.openapi.schemas import components
from shared.dtos import catalog
from shared.dtos.endpoint import Endpoint, Tag

Json = dict[str, Any]

#: Fields that are a file of the form; in JSON they are base64.
_FILES: Final = frozenset(("audio", "data", "file", "image", "mask", "video", "watermark"))
#: Of OpenAI's edits several pictures may be changed together, and nothing need be masked.
_SEVERAL: Final = frozenset((catalog.EDIT_IMAGE.name,))
_OPTIONAL: Final = frozenset(((catalog.EDIT_IMAGE.name, "mask"),))
#: What is asked for in the form's own words, though the class could do without.
_NEEDED: Final = {catalog.CREATE_FILE.name: ("purpose",)}
#: Uploads whose file may be in a field of any name.
_ANY_NAME: Final = frozenset((catalog.STORE_FILE_UPLOAD.name, catalog.REPLACE_FILE_UPLOAD.name))
#: Calls that take their file in a form and nowhere else.
_FORM_ONLY: Final = frozenset(
    (catalog.CREATE_FILE.name, catalog.ADD_UPLOAD_PART.name, *_ANY_NAME),
)
_BINARY: Final[Json] = {"type": "string", "format": "binary"}


def takes_json(one: Endpoint[Any]) -> bool:
    """Whether the call may be sent as JSON."""
    return one.name not in _FORM_ONLY


def form_of(one: Endpoint[Any], places: list[str]) -> Json | None:
    """Return the schema of a call's form, None if it is not one with files.

    `places` are the fields that stand in the path.
    """
    told = components()[one.request.__name__]
    fields = {key: one for key, one in told.get("properties", {}).items() if key not in places}
    files = [key for key in fields if key in _FILES] if one.tag in (Tag.FILES, Tag.MEDIA) else []
    if one.name in _ANY_NAME:
        files = ["file"]
    if not files:
        return None
    needed = [key for key in files if (one.name, key) not in _OPTIONAL]
    required = [key for key in told.get("required", ()) if key in fields and key not in files]
    return {
        "type": "object",
        "properties": {**fields, **{key: _file(one, key, fields.get(key, {})) for key in files}},
        "required": [*required, *_NEEDED.get(one.name, ()), *needed],
    }


def _file(one: Endpoint[Any], key: str, schema: Json) -> Json:
    said = {"description": schema["description"]} if "description" in schema else {}
    if one.name in _SEVERAL and key == "image":
        return {"type": "array", "items": _BINARY, "minItems": 1, "maxItems": 16, **said}
    return {**_BINARY, **said}
