"""The dialect of Replicate: predictions that are created, and asked for until they have ended.

https://replicate.com/docs/reference/http
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Generator, Iterator, Mapping
from functools import partial
from typing import Any, Final
from urllib.parse import urlsplit

from requests import Session

from shared.codecs.json_bytes import to_json_bytes
from shared.media import request as media_request
from shared.media import result
from shared.media.request import FileRef
from shared.media.result import Kept
from shared.operation import OPERATIONS_BY_TYPE, Operation
from shared.wire.answers.said import objects, text_of
from workers.media.pictures import replicate_inputs as inputs
from workers.media.pictures.exchange import Exchange, keep_picture, waited_for
from workers.media.pictures.wishes import mask_in_white, not_followed
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.http import as_dialled
from workers.providers.http_errors import error_told
from workers.providers.media.answers import desk_of
from workers.providers.media.multipart import FilePart, Form
from workers.providers.media.picture_answers import decoded, pictures_made
from workers.providers.told_errors import Told

Json = dict[str, Any]

#: Files up to this go into the request itself, as Replicate advises (bytes).
_INLINE_BYTES: Final = 256_000
#: How long it is remembered what a model takes (seconds), and of how many.
_REMEMBERED_S: Final = 3600.0
_MOST_REMEMBERED: Final = 1000
#: Where files of answers are, beside the provider's own place.
_FILES_AT: Final = ("replicate.delivery", "replicate.com")
_SHORTEST_S: Final = 5
#: How deep outputs are looked through, and how a URL in them begins.
_DEEPEST: Final = 5
_URLS: Final = ("https://", "http://", "data:")
_UNENDED: Final = ("starting", "processing", "queued")
_is_id = re.compile(r"[A-Za-z0-9_-]{1,100}").fullmatch
_is_model = re.compile(r"[\w.-]+/[\w.-]+(?::[A-Za-z0-9]+)?").fullmatch
_is_moderation = re.compile(r"nsfw|sensitive|flagged|safety", re.IGNORECASE).search


class ReplicateDialect:
    """Creates predictions, waits, and answers in OpenAI's form."""

    operations = OPERATIONS_BY_TYPE["replicate"]
    always_tells_usage = False

    def __init__(self) -> None:
        self._models: dict[tuple[str, str], tuple[float, _Model]] = {}

    def ask(self, session: Session, call: ProviderCall) -> bytes:
        """Ask for pictures, or for a text about one. Raises ProviderError."""
        asked = media_request.read(call.body)
        exchange = Exchange(session, call, str(call.provider.base_url).rstrip("/"))
        model = self._model(exchange, asked.model)
        told, missed = inputs.inputs_of(
            asked, call.operation, model.takes, partial(_sent, exchange)
        )
        count = inputs.several(asked, model.takes)
        call.adjusted([*not_followed(asked), *(one for one in missed if one != "n")])
        outputs = [
            one for _ in range(count) for one in _Prediction(exchange, model.request(told)).output()
        ]
        if call.operation is Operation.IMAGE_TO_TEXT:
            return to_json_bytes({"text": "".join(outputs).strip()})
        data = [{result.ARTIFACT: _kept(exchange, one).to_json()} for one in outputs]
        if not data:
            raise exchange.wrong("answered without a picture")
        return pictures_made(data)

    def stream(self, session: Session, call: ProviderCall) -> Generator[bytes, None, None]:
        """Do the same: what is made there is made as a whole. Nobody asks for it."""
        yield self.ask(session, call)

    def _model(self, exchange: Exchange, name: str) -> _Model:
        """Return what is known of a model; it is asked once an hour."""
        key = (str(exchange.call.provider.base_url), name)
        at, known = self._models.get(key, (0.0, None))
        if known is None or time.monotonic() - at > _REMEMBERED_S:
            known = _Model(exchange, name)
            if len(self._models) >= _MOST_REMEMBERED:
                self._models.clear()
            self._models[key] = (time.monotonic(), known)
        return known


class _Model:
    """A model: how it is asked, and what it takes; nothing where that is not told."""

    def __init__(self, exchange: Exchange, name: str) -> None:
        if not _is_model(name):
            said = f"'{name}' is no model of Replicate's: owner/name, or owner/name:version."
            raise error_told(exchange.call, 404, Told(said))
        self._name, _, self._version = name.partition(":")
        path = f"models/{self._name}"
        told = exchange.get(f"{path}/versions/{self._version}" if self._version else path)
        exchange.raise_if_told(told)
        latest = told if self._version else told.get("latest_version")
        about: Json = latest if isinstance(latest, dict) else {}
        if not self._version and told.get("is_official") is False:
            self._version = str(about.get("id") or "")
        self.takes: Mapping[str, Any] = _properties(about.get("openapi_schema"))

    def request(self, told: Json) -> tuple[str, Json]:
        """Return where a prediction is created, and how."""
        if self._version:
            return "predictions", {"version": self._version, "input": told}
        return f"models/{self._name}/predictions", {"input": told}


def _properties(schema: object) -> Mapping[str, Any]:
    """Return the inputs of a model by their names, choices with what can be chosen."""
    parts = _at(schema, "components", "schemas")
    found = {}
    for name in _at(parts, "Input", "properties"):
        spec = _at(parts, "Input", "properties", name)
        refs = [text_of(one.get("$ref")) for one in objects(spec.get("allOf"))]
        named = _at(parts, refs[0].rpartition("/")[2]) if refs else {}
        found[name] = {**named, **spec}
    return found


def _at(value: object, *names: str) -> Json:
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


class _Prediction:
    """A prediction; it is cancelled when nobody waits for it any more."""

    def __init__(self, exchange: Exchange, request: tuple[str, Json]) -> None:
        self._exchange = exchange
        # Should this process die, it ends by itself all the same.
        longest = f"{max(_SHORTEST_S, round(exchange.call.timeout_s))}s"
        self._told = exchange.post(*request, headers=(("Cancel-After", longest),))
        self._id = str(self._told.get("id") or "")
        if not _is_id(self._id):
            exchange.raise_if_told(self._told)
            raise exchange.wrong("created a prediction without an 'id'")

    def output(self) -> list[str]:
        """Wait for it; return the texts of its output: URLs, or what it says."""
        try:
            told = waited_for(self._look)
        except BaseException as exc:
            if not isinstance(exc, ProviderError):
                self._exchange.part_with(self._leave)
            raise
        return list(_texts(told.get("output")))

    def _look(self) -> Json | None:
        told, self._told = self._told or self._exchange.get(f"predictions/{self._id}"), {}
        status = told.get("status")
        if status in _UNENDED:
            return None
        if status is None:
            self._exchange.raise_if_told(told)
        if status != "succeeded":
            raise self._failed(str(status), str(told.get("error") or ""))
        return told

    def _failed(self, status: str, why: str) -> ProviderError:
        """Return the error of a prediction that ended otherwise: failed, canceled, aborted."""
        if status != "failed":
            return self._exchange.wrong("cancelled the prediction")
        code = 403 if _is_moderation(why) else 500
        return error_told(self._exchange.call, code, Told(why or "The prediction has failed."))

    def _leave(self) -> None:
        self._exchange.post_untold(f"predictions/{self._id}/cancel", {})


def _texts(made: object, depth: int = 0) -> Iterator[str]:
    """Give the texts of an output; of an object, which each model makes up, those that are URLs."""
    if isinstance(made, str) and made:
        yield made
    elif depth < _DEEPEST and isinstance(made, list):
        for one in made:
            yield from _texts(one, depth + 1)
    elif depth < _DEEPEST and isinstance(made, dict):
        named = (text for one in made.values() for text in _texts(one, depth + 1))
        yield from (text for text in named if text.startswith(_URLS))


def _sent(exchange: Exchange, file: FileRef) -> str:
    """Bring a file there: in the request itself, or by an upload; return its URL."""
    desk = desk_of(exchange.call)
    content = mask_in_white(exchange.call, file) if file.field == "mask" else None
    size = file.size if content is None else len(content)
    if size <= _INLINE_BYTES:
        whole = desk.whole(file) if content is None else content
        return f"data:{file.media_type};base64,{base64.b64encode(whole).decode()}"
    opened = partial(desk.open, file) if content is None else lambda: iter((content,))
    part = FilePart("content", file.name, file.media_type, size, opened)
    told = exchange.post_form("files", Form({}, [part]))
    url = _at(told, "urls").get("get")
    if not isinstance(url, str):
        raise exchange.wrong("accepted a file without telling its URL")
    return url


def _kept(exchange: Exchange, url: str) -> Kept:
    """Keep a picture of an answer; from nowhere but Replicate's own places is one fetched."""
    if url.startswith("data:"):
        return keep_picture(exchange.call, [decoded(exchange.call, url)])
    try:
        url = as_dialled(url)
    except ValueError:
        url = ""
    base, place = urlsplit(str(exchange.call.provider.base_url)), urlsplit(url)
    is_own = (place.scheme, place.netloc) == (base.scheme, base.netloc)
    host = place.hostname or ""
    is_theirs = place.scheme == "https" and any(
        host == one or host.endswith(f".{one}") for one in _FILES_AT
    )
    if not is_own and not is_theirs:
        raise exchange.wrong(f"named a file of another place: {host[:100] or 'no URL'}")
    return exchange.picture(url, with_key=is_own)
