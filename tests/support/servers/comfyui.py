"""A ComfyUI by its public documents: it checks graphs as the real one does, and can be rude.

https://docs.comfy.org/development/comfyui-server/comms_routes; nodes are those of its `nodes.py`.
"""

from __future__ import annotations

import io
import json
import uuid
from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qs

from PIL import Image
from werkzeug.formparser import parse_form_data

from cli.wsgi_thread import Environ, StartResponse, body_of
from tests.support.drawing import PICTURE
from tests.support.servers.fake_server import FakeServer

Json = dict[str, Any]

CHECKPOINTS = ["first.safetensors", "second.safetensors"]
UPSCALERS = ["RealESRGAN_x4plus.pth", "RealESRGAN_x2.pth"]
_NUMBER = (int, float)
#: By node: its inputs (a type of Python's, a list of choices, or a kind of link), and outputs.
_NODES: dict[str, tuple[Json, tuple[str, ...]]] = {
    "CheckpointLoaderSimple": ({"ckpt_name": CHECKPOINTS}, ("MODEL", "CLIP", "VAE")),
    "CLIPTextEncode": ({"text": str, "clip": "CLIP"}, ("CONDITIONING",)),
    "EmptyLatentImage": ({"width": int, "height": int, "batch_size": int}, ("LATENT",)),
    "LoadImage": ({"image": "UPLOAD"}, ("IMAGE", "MASK")),
    "LoadImageMask": (
        {"image": "UPLOAD", "channel": ["alpha", "red", "green", "blue"]},
        ("MASK",),
    ),
    "VAEEncode": ({"pixels": "IMAGE", "vae": "VAE"}, ("LATENT",)),
    "SetLatentNoiseMask": ({"samples": "LATENT", "mask": "MASK"}, ("LATENT",)),
    "RepeatLatentBatch": ({"samples": "LATENT", "amount": int}, ("LATENT",)),
    "KSampler": (
        {
            "model": "MODEL",
            "positive": "CONDITIONING",
            "negative": "CONDITIONING",
            "latent_image": "LATENT",
            "seed": int,
            "steps": int,
            "cfg": _NUMBER,
            "denoise": _NUMBER,
            "sampler_name": ["euler"],
            "scheduler": ["normal"],
        },
        ("LATENT",),
    ),
    "VAEDecode": ({"samples": "LATENT", "vae": "VAE"}, ("IMAGE",)),
    "UpscaleModelLoader": ({"model_name": UPSCALERS}, ("UPSCALE_MODEL",)),
    "ImageUpscaleWithModel": ({"upscale_model": "UPSCALE_MODEL", "image": "IMAGE"}, ("IMAGE",)),
    "ImageScaleBy": (
        {"image": "IMAGE", "upscale_method": ["lanczos"], "scale_by": _NUMBER},
        ("IMAGE",),
    ),
    "SaveImage": ({"images": "IMAGE", "filename_prefix": str}, ()),
}


class FakeComfyUi(FakeServer):
    """`rudeness` says how it is rude, of the ways that the field knows; empty for none."""

    def __init__(self) -> None:
        super().__init__()
        self.rudeness = ""
        self.uploads: dict[str, bytes] = {}
        self.graphs: dict[str, Json] = {}
        self.asked: list[tuple[str, str, Json]] = []
        self._looks: dict[str, int] = {}

    @property
    def last(self) -> Json:
        """The graph that was queued last, by the classes of its nodes."""
        graph = list(self.graphs.values())[-1]
        return {node["class_type"]: node["inputs"] for node in graph.values()}

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if (method, path) == ("GET", "/view"):
            return self._view(parse_qs(environ["QUERY_STRING"]), start_response)
        if (method, path) == ("POST", "/upload/image"):
            status, told = self._upload(environ)
        else:
            sent = json.loads(body_of(environ) or b"{}") if method == "POST" else {}
            self.asked.append((method, path, sent))
            status, told = self._answer(method, path, sent)
        start_response(status, [("Content-Type", "application/json")])
        return [json.dumps(told).encode()]

    def _answer(self, method: str, path: str, sent: Json) -> tuple[str, Any]:
        if method == "POST" and path == "/prompt":
            return self._prompt(sent)
        if method == "POST" and path in {"/queue", "/interrupt"}:
            for one in sent.get("delete", ()):
                self._looks.pop(one, None)
            return "200 OK", {}
        if path == "/queue":
            known = [[0, one, self.graphs[one], {}, []] for one in self._looks]
            is_lost = self.rudeness == "lost"
            return "200 OK", {"queue_running": [] if is_lost else known, "queue_pending": []}
        if path.startswith("/history/"):
            return "200 OK", self._history(path.rpartition("/")[2])
        if path.startswith("/object_info/"):
            return "200 OK", self._info(path.rpartition("/")[2])
        return "404 Not Found", "404: Not Found"

    def _info(self, name: str) -> Json:
        inputs = _NODES[name][0] if name in _NODES else {}
        required = {key: [kind, {}] for key, kind in inputs.items() if isinstance(kind, list)}
        if self.rudeness == "combo":
            required = {key: ["COMBO", {"options": kind[0]}] for key, kind in required.items()}
        return {name: {"input": {"required": required}, "name": name}} if name in _NODES else {}

    def _prompt(self, sent: Json) -> tuple[str, Any]:
        if self.rudeness == "told":
            return "200 OK", {"error": {"type": "oom", "message": "CUDA out of memory"}}
        graph = sent.get("prompt")
        if not isinstance(graph, dict) or not graph:
            error = {"type": "no_prompt", "message": "No prompt provided", "details": ""}
            return "400 Bad Request", {"error": error, "node_errors": {}}
        wrong = {key: found for key, node in graph.items() if (found := self._wrong(graph, node))}
        if wrong:
            error = {
                "type": "prompt_outputs_failed_validation",
                "message": "Prompt outputs failed validation",
                "details": str(wrong),
            }
            return "400 Bad Request", {"error": error, "node_errors": wrong}
        prompt_id = str(uuid.uuid4())
        self.graphs[prompt_id] = graph
        self._looks[prompt_id] = 0
        return "200 OK", {"prompt_id": prompt_id, "number": 1, "node_errors": {}}

    def _wrong(self, graph: Json, node: Json) -> list[str]:
        known = _NODES.get(node.get("class_type", ""))
        if known is None:
            return [f"no node {node.get('class_type')}"]
        inputs = node["inputs"]
        names = [f"{name} is unknown" for name in inputs if name not in known[0]]
        return names + [
            f"{name}: {inputs.get(name)!r}"
            for name, kind in known[0].items()
            if not self._fits(graph, inputs.get(name), kind)
        ]

    def _fits(self, graph: Json, value: Any, kind: Any) -> bool:
        if isinstance(kind, list):
            return value in kind
        if kind == "UPLOAD":
            return value in self.uploads
        if not isinstance(kind, str):
            return isinstance(value, kind) and not isinstance(value, bool)
        if not isinstance(value, list) or value[0] not in graph:
            return False
        outputs = _NODES[graph[value[0]]["class_type"]][1]
        return len(outputs) > value[1] and outputs[value[1]] == kind

    def _history(self, prompt_id: str) -> Json:
        self._looks[prompt_id] = self._looks.get(prompt_id, 0) + 1
        if self.rudeness in {"never", "lost"} or self._looks[prompt_id] < 2:
            return {}
        status: Json = {"status_str": "success", "completed": True, "messages": []}
        if self.rudeness == "error":
            why = {"node_type": "KSampler", "exception_message": "Allocation on device\n"}
            messages = [["execution_start", {}], ["execution_error", why]]
            status = {"status_str": "error", "completed": False, "messages": messages}
        graph = self.graphs[prompt_id]
        outputs = {key: {"images": self._images(graph)} for key in graph if key == "9"}
        if self.rudeness in {"error", "empty"}:
            outputs = {}
        return {prompt_id: {"prompt": [], "outputs": outputs, "status": status}}

    def _images(self, graph: Json) -> list[Json]:
        nodes = {node["class_type"]: node["inputs"] for node in graph.values()}
        latent = nodes.get("EmptyLatentImage", {}).get("batch_size")
        count = latent or nodes.get("RepeatLatentBatch", {}).get("amount", 1)
        folder, _, stem = nodes["SaveImage"]["filename_prefix"].rpartition("/")
        return [
            {"filename": f"{stem}_{number:05}_.png", "subfolder": folder, "type": "output"}
            for number in range(count)
        ]

    def _upload(self, environ: Environ) -> tuple[str, Any]:
        _, form, files = parse_form_data(environ)
        file = files.get("image")
        if file is None or not file.filename:
            return "400 Bad Request", {}
        content = file.read()
        file.close()
        Image.open(io.BytesIO(content)).verify()
        name, folder = file.filename, form.get("subfolder", "")
        self.uploads[f"{folder}/{name}" if folder else name] = content
        return "200 OK", {"name": name, "subfolder": folder, "type": form.get("type", "input")}

    def _view(self, asked: dict[str, list[str]], start_response: StartResponse) -> list[bytes]:
        if not asked.get("filename", [""])[0].endswith(".png") or asked.get("type") != ["output"]:
            start_response("404 Not Found", [])
            return []
        body = {"cut": PICTURE[:-20], "html": b"<html>no</html>"}.get(self.rudeness, PICTURE)
        more = 20 if self.rudeness == "half" else 0
        head = [("Content-Type", "image/png"), ("Content-Length", str(len(body) + more))]
        start_response("200 OK", head)
        return [body]
