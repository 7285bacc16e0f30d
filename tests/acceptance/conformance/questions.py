"""What the clients ask in these tests."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

#: A picture of one white pixel.
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAQAAAC1HAwCAAAAC0lEQVR42mP8"
    "/x8AAwMCAO+ip1sAAAAASUVORK5CYII="
)


class City(BaseModel):
    """The schema of a structured answer."""

    name: str
    people: int


def messages(text: str = "Say hello") -> list[Any]:
    """Return a chat of one message."""
    return [{"role": "user", "content": text}]


def picture(text: str) -> list[Any]:
    """Return a chat about a picture."""
    parts = [
        {"type": "text", "text": text},
        {"type": "image_url", "image_url": {"url": PIXEL, "detail": "low"}},
    ]
    return [{"role": "user", "content": parts}]


TOOLS: list[Any] = [
    {
        "type": "function",
        "function": {
            "name": name,
            "description": f"Tell the {name.removeprefix('get_')}.",
            "parameters": {
                "type": "object",
                "properties": {field: {"type": "string"}},
                "required": [field],
                "additionalProperties": False,
            },
            "strict": True,
        },
    }
    for name, field in (("get_weather", "city"), ("get_time", "zone"))
]
