"""Servers that draw and tell what they have drawn in odd shapes: read, or a failure of theirs."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import pytest

from shared.media import request as media_request
from shared.operation import Operation
from tests.support import drawing
from tests.support.drawing import PICTURE, FakeDesk
from tests.upstreams import wire
from tests.upstreams.server import Asked, RawUpstream
from workers.media.pictures.automatic1111 import Automatic1111Dialect
from workers.media.pictures.comfyui import ComfyUiDialect
from workers.media.pictures.replicate import ReplicateDialect
from workers.providers.base import Blame, ProviderError

Json = dict[str, Any]
IN_BASE64 = base64.b64encode(PICTURE).decode()
URL = f"data:image/png;base64,{IN_BASE64}"
FILE = {"filename": "a.png", "subfolder": "", "type": "output"}
DIALECTS: dict[str, Any] = {
    "automatic1111": Automatic1111Dialect(),
    "comfyui": ComfyUiDialect(),
    "replicate": ReplicateDialect(),
}


@pytest.fixture
def upstream() -> Iterator[RawUpstream]:
    server = RawUpstream({}).start()
    yield server
    server.stop()


def drawn(upstream: RawUpstream, kind: str, answers: dict[str, Any], **fields: Any) -> Any:
    """Ask for a picture; `answers` are by what the path ends with, or has in it."""

    def reply(asked: Asked) -> list[bytes]:
        found = next((told for place, told in answers.items() if place in asked.path), None)
        if isinstance(found, bytes):
            return [wire.answer(found, kind="image/png")]
        return [wire.answer({} if found is None else found)]

    upstream.replies[kind] = reply
    model = "o/m" if kind == "replicate" else "m"
    stored = media_request.compose({"model": model, "prompt": "a cat", **fields})
    about = {"type": kind, "base_url": upstream.base_url(kind), "models": [model]}
    desk = FakeDesk({})
    told, _ = drawing.ask(DIALECTS[kind], about, Operation.IMAGE, stored, desk=desk)
    return told, desk


def comfy(**told: Any) -> dict[str, Any]:
    """Return what a ComfyUI answers, but for what is told otherwise."""
    listed = {"input": {"required": {"ckpt_name": [["m"]]}}}
    entry = {"outputs": {"9": {"images": [FILE]}}, "status": {"status_str": "success"}}
    return {
        "/object_info/": {"CheckpointLoaderSimple": told.get("node", listed)},
        "/prompt": {"prompt_id": "p"},
        "/history/": {"p": {**entry, **told}},
        "/view": PICTURE,
    }


def failed(messages: Any) -> Json:
    return {"status_str": "error", "messages": messages}


@pytest.mark.parametrize(
    "told",
    [
        pytest.param({"outputs": {"9": {"images": 5}}}, id="images a number"),
        pytest.param({"outputs": {"9": {"images": {"a": 1}}}}, id="images an object"),
        pytest.param({"outputs": {"9": 5}}, id="a node a number"),
        pytest.param({"status": failed(5)}, id="messages a number"),
        pytest.param({"status": failed(None)}, id="no messages"),
        pytest.param({"status": failed([5, [], [1]])}, id="messages of nothing"),
        pytest.param({"node": {"input": None}}, id="no inputs"),
        pytest.param({"node": {"input": {"required": None}}}, id="none required"),
        pytest.param({"node": {"input": {"required": []}}}, id="required a list"),
        pytest.param({"node": 5}, id="a kind of nodes a number"),
    ],
)
def test_odd_shape_is_comfyuis_failure(upstream: RawUpstream, told: Json) -> None:
    with pytest.raises(ProviderError) as error:
        drawn(upstream, "comfyui", comfy(**told))
    assert error.value.transient or error.value.blame is Blame.MODEL


def test_picture_says_when_it_was_drawn(upstream: RawUpstream) -> None:
    told, desk = drawn(upstream, "comfyui", comfy())
    assert time.time() - told["created"] < 3600
    assert desk.kept == [PICTURE]


@pytest.mark.parametrize(
    ("info", "count"),
    [
        (json.dumps({"index_of_first_image": 1}), 2),
        ({"index_of_first_image": 1}, 2),
        (json.dumps({"index_of_first_image": 0}), 3),
        (json.dumps({"index_of_first_image": 9}), 3),
        (json.dumps({"index_of_first_image": -1}), 3),
        ("no JSON", 3),
        (None, 3),
        ("[" * 100_000, 3),
    ],
)
def test_grid_before_the_pictures_is_none_of_them(
    upstream: RawUpstream, info: Any, count: int
) -> None:
    answer = {"images": [IN_BASE64] * 3, "info": info}
    told, _ = drawn(upstream, "automatic1111", {"txt2img": answer}, n=2)
    assert len(told["data"]) == count
    assert time.time() - told["created"] < 3600


def replicate(output: Any, properties: Any = None) -> dict[str, Any]:
    """Return what Replicate answers of a model with these inputs."""
    schema = {"components": {"schemas": {"Input": {"properties": properties or {}}}}}
    return {
        "/predictions": {"id": "abc", "status": "succeeded", "output": output},
        "/models/": {"is_official": True, "latest_version": {"openapi_schema": schema}},
    }


@pytest.fixture(autouse=True)
def knows_no_model() -> None:
    DIALECTS["replicate"] = ReplicateDialect()


@pytest.mark.parametrize(
    "output",
    [URL, [URL], {"image": URL}, {"images": [URL], "seed": 7}, [{"url": URL}], [[URL]]],
)
def test_picture_is_found_in_whatever_a_model_makes_up(upstream: RawUpstream, output: Any) -> None:
    _, desk = drawn(upstream, "replicate", replicate(output))
    assert desk.kept == [PICTURE]


@pytest.mark.parametrize("output", [None, 5, [], {}, {"status": "done"}, [None], True])
def test_output_without_a_picture_is_a_failure(upstream: RawUpstream, output: Any) -> None:
    with pytest.raises(ProviderError) as error:
        drawn(upstream, "replicate", replicate(output))
    assert error.value.transient


@pytest.mark.parametrize(
    "properties",
    [
        {"prompt": {"allOf": [{"$ref": None}]}},
        {"prompt": {"allOf": 5}, "aspect_ratio": {"enum": 5}},
        {"prompt": None, "aspect_ratio": {"enum": [5, None]}},
        {"prompt": {}, "aspect_ratio": 5},
        [],
    ],
)
def test_odd_schema_of_a_model_is_read_as_far_as_it_goes(
    upstream: RawUpstream, properties: Any
) -> None:
    _, desk = drawn(upstream, "replicate", replicate(URL, properties), size="1024x512")
    assert desk.kept == [PICTURE]


@pytest.mark.parametrize("told", [{"error": "No GPU"}, {"detail": "No GPU"}])
@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("comfyui", "/object_info/"),
        ("comfyui", "/history/"),
        ("comfyui", "/prompt"),
        ("replicate", "/models/"),
        ("replicate", "/predictions"),
        ("replicate", "/predictions/abc"),
    ],
)
def test_error_in_the_place_of_an_answer_is_told_and_not_remembered(
    upstream: RawUpstream, kind: str, step: str, told: Json
) -> None:
    answers = comfy() if kind == "comfyui" else replicate(URL)
    first = {step: told}
    if step == "/predictions/abc":
        first |= {"/predictions": {"id": "abc", "status": "starting"}}
    with pytest.raises(ProviderError, match="No GPU") as error:
        drawn(upstream, kind, first | {k: v for k, v in answers.items() if k not in first})
    assert error.value.transient
    _, desk = drawn(upstream, kind, answers)
    assert desk.kept == [PICTURE]
    models = [one for one in upstream.asked[kind] if one.method == "GET" and "/models/" in one.path]
    assert len(models) == (0 if kind == "comfyui" else 2 if step == "/models/" else 1)
