"""The examples of the OpenAPI document run as they stand, and their answers are as it says."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from gateway.openapi.examples import EXAMPLES
from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack

#: They need rights that an ordinary key has not, or a receiver.
_ADMINS = {"CreateApiKey"}
_ELSEWHERE = {"CreateCallbackSubscription"}


@pytest.fixture(scope="module")
def document(stack: Stack) -> dict[str, Any]:
    with stack.api(None) as anybody:
        told: dict[str, Any] = anybody.get("/openapi.json").json()
    return told


def test_examples_run_and_their_answers_keep_their_schemas(
    document: dict[str, Any], api: Api
) -> None:
    operations = {
        told["operationId"]: (path, verb, told)
        for path, verbs in document["paths"].items()
        for verb, told in verbs.items()
    }
    suffix = uuid.uuid4().hex
    for name in EXAMPLES:
        if name not in _ADMINS | _ELSEWHERE:
            path, verb, told = operations[name]
            _run(api, document, (path, verb, told), suffix)


def _run(
    api: Api, document: dict[str, Any], operation: tuple[str, str, dict[str, Any]], suffix: str
) -> None:
    path, verb, told = operation
    query = {}
    for one in told.get("parameters", ()):
        if "example" not in one:
            continue
        if one["in"] == "path":
            path = path.replace(f"{{{one['name']}}}", one["example"])
        else:
            query[one["name"]] = one["example"]
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {})
    answer = api.request(
        verb.upper(),
        path,
        params=_own(query, suffix),
        json=_own(body.get("example"), suffix),
    )
    assert answer.status_code == 200, f"{path}: {answer.text}"
    schema = told["responses"]["200"]["content"].get("application/json", {}).get("schema")
    if schema:
        whole = {**schema, "components": document["components"]}
        Draft202012Validator(whole).validate(answer.json())


def _own(example: Any, suffix: str) -> Any:
    """Return the example with RefIds of this run: other tests queue as well."""
    if isinstance(example, dict):
        return {
            name: f"{value}-{suffix}" if name == "refId" else _own(value, suffix)
            for name, value in example.items()
        }
    return [_own(one, suffix) for one in example] if isinstance(example, list) else example
