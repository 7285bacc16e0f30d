"""The OpenAPI document is valid, tells all calls, and its examples are what its schemas say."""

from __future__ import annotations

import json
from typing import Any

import pytest
import redis
from flask import Response
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.http.response import nothing
from gateway.openapi import schemas, views
from gateway.openapi.document import document
from gateway.openapi.examples import EXAMPLES
from gateway.openapi.operations import path_of
from gateway.openapi.yaml import to_yaml
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import Form
from tests.support.foreign.jobs import new_gateway
from tests.support.gateway_client import Gateway

yaml = pytest.importorskip("yaml")  # it comes with the validator


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


def _operations() -> list[tuple[str, str, dict[str, Any]]]:
    paths = document()["paths"]
    return [(path, verb, told) for path, verbs in paths.items() for verb, told in verbs.items()]


def test_document_is_valid() -> None:
    OpenAPIV31SpecValidator(document()).validate()


def test_every_call_is_told_at_its_path() -> None:
    told = {(path, verb) for path, verb, _ in _operations()}
    for one in CATALOG:
        if one.form is not Form.PAGE and one.name != "GetStaticFile":
            assert (path_of(one.path), one.verb.lower()) in told, one.name


def test_both_wires_are_told() -> None:
    paths = document()["paths"]
    assert {"/api/OpenAiChatCompletion", "/v1/chat/completions", "/api/chat"} <= set(paths)
    ids = [told["operationId"] for _, _, told in _operations()]
    assert len(ids) == len(set(ids))


def test_calls_with_scopes_say_how_to_prove_oneself() -> None:
    by_id = {told["operationId"]: told for _, _, told in _operations()}
    assert by_id["GetOverview"]["security"][-1] == {"adminSecret": []}
    assert by_id["Hello"]["security"] == []
    assert "401" in by_id["GetOverview"]["responses"]


@pytest.mark.parametrize("name", EXAMPLES)
def test_example_is_what_the_schema_says(name: str) -> None:
    one = next(one for one in CATALOG if one.name == name)
    if name != "AutoBatch":
        Draft202012Validator(schemas.one(one.request.__name__)).validate(EXAMPLES[name])
    else:
        told = document()["paths"]["/api/{name}[]"]["post"]
        assert told["parameters"][0]["example"] == "QueueOpenAiChatCompletion"


def test_rows_that_are_asked_for_in_part_are_what_the_schema_says(gateway: Gateway) -> None:
    answer = gateway.get("/api/QueryAiTypes?fields=name")
    assert all(list(row) == ["name"] for row in answer.get_json()["results"])
    told = {"$ref": "#/components/schemas/QueryAiTypesResponse", **document()}
    Draft202012Validator(told).validate(answer.get_json())


def test_document_is_served_with_where_it_was_asked(gateway: Gateway) -> None:
    told = gateway.get("/openapi.json", key=None)
    assert told.json["servers"] == [{"url": "http://localhost"}]
    assert {**told.json, "servers": None} == {**document(), "servers": None}
    assert told.headers["Access-Control-Allow-Origin"] == "*"
    as_yaml = gateway.get("/openapi.yaml", key=None)
    assert as_yaml.mimetype == "application/yaml"
    assert yaml.safe_load(as_yaml.text) == told.json


def test_all_who_ask_for_the_document_are_given_the_same_bytes() -> None:
    asked = [views._with_rest(Response(), b"{", views._json_rest()) for _ in range(2)]
    rests = [list(answer.response)[1] for answer in asked]
    assert rests[0] is rests[1]


def test_every_schema_is_complete_by_itself(gateway: Gateway) -> None:
    listed = gateway.get("/schema", key=None).json
    assert listed["Hello"] == "http://localhost/schema/Hello"
    for name in listed:
        found = gateway.get(f"/schema/{name}", key=None)
        assert found.mimetype == "application/schema+json"
        Draft202012Validator.check_schema(found.json)
        for ref in schemas._refs(found.json):
            assert ref in found.json["$defs"] or ref == name, name


@pytest.mark.parametrize("name", ["Nothing", "..", "Hello%00", "x" * 3000])
def test_schema_of_nothing_is_not_there(gateway: Gateway, name: str) -> None:
    assert gateway.get(f"/schema/{name}", key=None).status_code == 404


def test_page_is_a_shell_under_our_policy(gateway: Gateway) -> None:
    for path in ("/docs", "/docs/"):
        page = gateway.get(path, key=None)
        assert page.status_code == 200
        assert "unsafe" not in page.headers["Content-Security-Policy"]
        assert "vendor/swagger-ui.js" in page.text


@pytest.mark.parametrize(
    "value",
    [
        *({}, [], {"a": {}}, {"a": []}, [[1, 2], [], {}], [{"a": 1, "b": [1]}], None, True, 1.5),
        *("", "a: b", "# no", "null", "- x", "é\n\t\"'\\ \u2028", {"on": 1, "null": 2, "1": 3}),
        *({"a b": "x", "/api/{x}[]": {"get": 1}}, {"y": "n"}, {"": ""}),
    ],
)
def test_yaml_reads_back_as_what_was_written(value: Any) -> None:
    assert yaml.safe_load(to_yaml(value)) == json.loads(json.dumps(value))


def _form(operation: str) -> dict[str, Any] | None:
    told = next(told for _, _, told in _operations() if told["operationId"] == operation)
    form = told["requestBody"]["content"].get("multipart/form-data")
    schema: dict[str, Any] | None = form and form["schema"]
    return schema


def test_forms_name_their_files_and_fields() -> None:
    transcription = _form("OpenAiTranscription")
    assert transcription is not None
    assert set(transcription["required"]) == {"model", "file"}
    assert transcription["properties"]["file"]["format"] == "binary"
    assert transcription["properties"]["language"]["anyOf"][0] == {"type": "string"}
    edit = _form("OpenAiImageEdit")
    assert edit is not None
    assert edit["properties"]["image"]["items"]["format"] == "binary"
    assert "mask" not in edit["required"]
    part = _form("AddUploadPart")
    assert part is not None
    assert set(part["properties"]) == {"data"}, "what stands in the path is no field"
    assert _form("OpenAiSpeech") is None


def test_calls_whose_file_stands_nowhere_but_in_a_form_offer_no_json() -> None:
    for path, verb, told in _operations():
        kinds = set(told.get("requestBody", {}).get("content", {"application/json": {}}))
        if path.startswith("/uploads/") or path in ("/v1/files", "/v1/uploads/{upload_id}/parts"):
            assert verb in ("get", "delete") or kinds == {"multipart/form-data"}, path
        else:
            assert "application/json" in kinds, path


def test_what_has_no_body_has_no_type_of_one() -> None:
    told = document()["paths"]["/session"]["delete"]["responses"]
    assert "content" not in told["204"]
    assert "Content-Type" not in nothing().headers
