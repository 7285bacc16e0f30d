"""The parts of a message's content as blocks: text, images, files. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from workers.providers.anthropic.untranslatable import Untranslatable

Json = dict[str, Any]

#: Names that are in use beside the registered ones.
_MEDIA_TYPES: Final = {"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg"}
_match_data_url = re.compile(r"data:([^;,]+)(?:;[^;,]+)*;base64,(.*)", re.DOTALL).fullmatch


def blocks_of(content: object, path: str) -> list[Json]:
    """Return the blocks of a content in either form, without blank texts: the API refuses them.

    Parts of a type that OpenAI does not know are blocks already. Raises Untranslatable.
    """
    parts = [{"type": "text", "text": content}] if isinstance(content, str) else content or []
    if not isinstance(parts, list):
        raise Untranslatable(path, "must be a string or a list of parts")
    return [
        block
        for number, part in enumerate(parts)
        if (block := _block(part, f"{path}[{number}]")) is not None
    ]


def text_blocks_of(content: object, path: str) -> list[Json]:
    """Return the blocks of a content that may be text only. Raises Untranslatable."""
    blocks = blocks_of(content, path)
    for block in blocks:
        if block["type"] in ("image", "document"):
            raise Untranslatable(path, f"a part of type '{block['type']}' cannot stand here")
    return blocks


def _block(part: object, path: str) -> Json | None:
    if not isinstance(part, dict) or not isinstance(part.get("type"), str):
        raise Untranslatable(path, "must be an object with a type")
    translate = _PARTS.get(part["type"])
    if translate is None:
        return part
    block = translate(part, path)
    if block is not None and "cache_control" in part:
        block["cache_control"] = part["cache_control"]
    return block


def _text(part: Json, path: str) -> Json | None:
    text = part.get("text", part.get("refusal"))
    if not isinstance(text, str):
        raise Untranslatable(path, "its text must be a string")
    return {"type": "text", "text": text} if text.strip() else None


def _image(part: Json, path: str) -> Json:
    image = part.get("image_url")
    url = image.get("url") if isinstance(image, dict) else image
    return {"type": "image", "source": _source(url, f"{path}.image_url.url")}


def _file(part: Json, path: str) -> Json:
    file = part.get("file")
    data = file.get("file_data") if isinstance(file, dict) else None
    if not data:
        raise Untranslatable(f"{path}.file", "send its bytes as a data: URL in 'file_data'")
    block: Json = {"type": "document", "source": _source(data, f"{path}.file.file_data")}
    if isinstance(file, dict) and file.get("filename"):
        block["title"] = file["filename"]
    return block


def _source(url: object, path: str) -> Json:
    if isinstance(url, str):
        if match := _match_data_url(url):
            media_type = _MEDIA_TYPES.get(match[1].lower(), match[1])
            return {"type": "base64", "media_type": media_type, "data": match[2]}
        if url.startswith(("https://", "http://")):
            return {"type": "url", "url": url}
    raise Untranslatable(path, "must be an http(s): URL or a data: URL in base64")


def _audio(_part: Json, path: str) -> Json:
    raise Untranslatable(path, "audio is not understood")


_PARTS: Final[dict[str, Callable[[Json, str], Json | None]]] = {
    "text": _text,
    "refusal": _text,
    "image_url": _image,
    "file": _file,
    "input_audio": _audio,
}
