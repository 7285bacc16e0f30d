"""A model with one of each thing that languages write differently."""

from __future__ import annotations

from typing import Final

from codegen import model as words
from codegen.model import DtoType, EnumMember, Model, Operation, Property, TypeRef

_TEXT: Final = TypeRef(words.STRING)
_STATUS: Final = Property("response_status", "responseStatus", TypeRef("ResponseStatus"))


def _list(name: str) -> TypeRef:
    return TypeRef(words.LIST, (TypeRef(name),))


SMALL: Final = Model(
    (
        DtoType("ResponseStatus", "What failed.", (Property("message", "message", _TEXT),)),
        DtoType(
            "QueryResponse",
            "A page of a list.",
            (
                Property("total", "total", TypeRef(words.INT), is_required=True),
                Property("results", "results", _list("T"), is_required=True),
                _STATUS,
            ),
            params=("T",),
        ),
        DtoType(
            "Colour",
            "A colour.",
            members=(EnumMember("RED", "red"), EnumMember("LIGHT_BLUE", "light-blue")),
        ),
        DtoType("Level", "A level.", members=(EnumMember("LOW", 1), EnumMember("HIGH", 5))),
        DtoType(
            "Part",
            'A part; */ and """ and ?> and *) end nothing.',
            (
                Property("id", "id", TypeRef(words.LONG), is_required=True),
                Property("in_stock", "in_stock", TypeRef(words.BOOLEAN)),
                Property("class", "class", _TEXT, is_required=True, doc="Its <class> & kind."),
                Property("made_date", "madeDate", TypeRef(words.DATE)),
                Property("price", "price", TypeRef(words.DOUBLE)),
                Property("colour", "colour", TypeRef("Colour")),
                Property("any", "any", TypeRef(words.OBJECT)),
                Property(
                    "counts",
                    "counts",
                    TypeRef(words.MAP, (_TEXT, TypeRef(words.LONG))),
                    is_required=True,
                ),
            ),
        ),
        DtoType("Paged", "Which page.", (Property("take", "take", TypeRef(words.INT)),)),
        DtoType(
            "QueryParts",
            "List the parts.",
            (
                Property("from", "from", TypeRef(words.DATE)),
                Property("names", "names", _list(words.STRING)),
            ),
            TypeRef("Paged"),
            operation=Operation(
                "GET", "/api/QueryParts", TypeRef("QueryResponse", (TypeRef("Part"),)), ("parts",)
            ),
        ),
        DtoType(
            "GetPicture",
            "Give a picture.",
            operation=Operation("GET", "/api/GetPicture", TypeRef(words.BYTES), ("parts",)),
        ),
        DtoType(
            "DropPart",
            "Drop a part.",
            (Property("id", "id", TypeRef(words.LONG), is_required=True),),
            operation=Operation("DELETE", "/api/DropPart", None, ("parts",)),
        ),
    ),
    "Shop",
)
