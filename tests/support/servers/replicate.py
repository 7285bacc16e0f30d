"""A Replicate by its public documents: it refuses what the real one refuses, and can be rude.

https://replicate.com/docs/reference/http
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from werkzeug.formparser import parse_form_data

from cli.wsgi_thread import Environ, StartResponse, body_of
from tests.support.drawing import PICTURE
from tests.support.servers.fake_server import FakeServer

Json = dict[str, Any]

TOKEN = "r8_token"
_TYPES = {"string": str, "integer": int, "number": (int, float), "array": list}
#: By model: whether it is official, and the inputs that it takes.
MODELS: dict[str, tuple[bool, Json]] = {
    "maker/flux": (
        True,
        {
            "prompt": {"type": "string"},
            "seed": {"type": "integer"},
            "num_outputs": {"type": "integer", "maximum": 4},
            "aspect_ratio": {"allOf": [{"$ref": "#/components/schemas/aspect_ratio"}]},
        },
    ),
    "maker/inpaint": (
        False,
        {
            "prompt": {"type": "string"},
            "image": {"type": "string"},
            "mask": {"type": "string"},
            "strength": {"type": "number"},
            "width": {"type": "integer"},
            "height": {"type": "integer"},
        },
    ),
    "maker/esrgan": (False, {"image": {"type": "string"}, "scale": {"type": "number"}}),
    "maker/blip": (False, {"image": {"type": "string"}, "question": {"type": "string"}}),
}
VERSION = "f" * 64


class FakeReplicate(FakeServer):
    """`rudeness` says how it is rude, of the ways that the field knows; empty for none."""

    def __init__(self) -> None:
        super().__init__()
        self.rudeness = ""
        self.created: list[tuple[str, Json, dict[str, str]]] = []
        self.cancelled: list[str] = []
        self.uploads: list[bytes] = []
        self.with_key: list[str] = []
        self._looks: dict[str, int] = {}

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        key = environ.get("HTTP_AUTHORIZATION", "")
        if path.startswith("/files/"):
            self.with_key.append(key)
            start_response("200 OK", [("Content-Type", "image/png")])
            return [PICTURE[:-15] if self.rudeness == "cut" else PICTURE]
        if key != f"Bearer {TOKEN}":
            told: Any = {"title": "Unauthenticated", "detail": "bad token", "status": 401}
            status = "401 Unauthorized"
        else:
            status, told = self._answer(method, path.removeprefix("/v1/"), environ)
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]

    def _answer(self, method: str, path: str, environ: Environ) -> tuple[str, Any]:
        if (method, path) == ("POST", "files"):
            _, _, files = parse_form_data(environ)
            file = files["content"]
            self.uploads.append(file.read())
            file.close()
            return "201 Created", {"id": "f1", "urls": {"get": f"{self.url}/v1/files/f1"}}
        if method == "GET" and path.startswith("models/"):
            return self._model(path.removeprefix("models/"))
        if method == "POST" and path.endswith("/cancel"):
            self.cancelled.append(path.split("/")[1])
            return "200 OK", {"status": "canceled"}
        if method == "POST":
            return self._create(path, json.loads(body_of(environ)), environ)
        return self._prediction(path.removeprefix("predictions/"))

    def _model(self, path: str) -> tuple[str, Any]:
        name, _, version = path.partition("/versions/")
        if name not in MODELS:
            return "404 Not Found", {"detail": "The requested resource could not be found."}
        official, takes = MODELS[name]
        ratio = {"type": "string", "enum": ["1:1", "16:9", "9:16"]}
        schemas = {"Input": {"type": "object", "properties": takes}, "aspect_ratio": ratio}
        about = {"id": VERSION, "openapi_schema": {"components": {"schemas": schemas}}}
        if self.rudeness == "no schema":
            return "200 OK", {"latest_version": None, "is_official": True}
        if version:
            return "200 OK", about
        return "200 OK", {"name": name, "is_official": official, "latest_version": about}

    def _create(self, path: str, sent: Json, environ: Environ) -> tuple[str, Any]:
        if self.rudeness == "billing":
            return "402 Payment Required", {"title": "Insufficient credit", "status": 402}
        name = path.removeprefix("models/").removesuffix("/predictions")
        if path == "predictions" and sent.get("version") != VERSION:
            return "422 Unprocessable Entity", {"detail": "Invalid version", "status": 422}
        if path != "predictions" and not MODELS.get(name, (False,))[0]:
            return "404 Not Found", {"detail": "not an official model", "status": 404}
        if wrong := self._wrong(name, sent.get("input")):
            return "422 Unprocessable Entity", {"detail": wrong, "status": 422}
        headers = {"cancel-after": environ.get("HTTP_CANCEL_AFTER", "")}
        self.created.append((path, sent["input"], headers))
        prediction = f"p{len(self.created)}"
        self._looks[prediction] = 0
        return "201 Created", {"id": prediction, "status": "starting", "output": None}

    def _wrong(self, name: str, told: Any) -> str:
        if not isinstance(told, dict):
            return "input is required"
        if name not in MODELS or self.rudeness == "no schema":
            return ""
        takes = MODELS[name][1]
        for key, value in told.items():
            spec = takes.get(key)
            if spec is None:
                return f"- input: Additional property {key} is not allowed"
            if "type" in spec and not isinstance(value, _TYPES[spec["type"]]):
                return f"- input.{key}: Invalid type"
        return ""

    def _prediction(self, prediction: str) -> tuple[str, Any]:
        self._looks[prediction] += 1
        told: Json = {"id": prediction, "status": "processing", "output": None, "error": None}
        if self.rudeness == "never" or self._looks[prediction] < 2:
            return "200 OK", told
        told["status"] = "succeeded"
        told |= {
            "failed": {"status": "failed", "error": "CUDA out of memory"},
            "nsfw": {"status": "failed", "error": "NSFW content detected. Try again."},
            "canceled": {"status": "canceled"},
        }.get(self.rudeness, {"output": self._output(prediction)})
        return "200 OK", told

    def _output(self, prediction: str) -> Any:
        told = self.created[int(prediction[1:]) - 1][1]
        if "question" in told:
            return ["a red", " square"]
        if self.rudeness == "elsewhere":
            return ["http://169.254.169.254/latest/meta-data"]
        if self.rudeness == "two readings":
            return ["https://127.0.0.1:9\\@x.replicate.delivery/a.png"]
        if self.rudeness == "nothing":
            return None
        urls = [f"{self.url}/files/{n}.png" for n in range(told.get("num_outputs", 1))]
        return urls if len(urls) > 1 else urls[0]
