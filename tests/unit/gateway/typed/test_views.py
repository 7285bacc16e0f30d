"""Typed DTOs as tools fetch them: open to all, by any of a language's names, with options."""

from __future__ import annotations

import pytest
import redis

from codegen.registry import LANGUAGES
from tests.support.foreign.jobs import new_gateway
from tests.support.gateway_client import Gateway


@pytest.fixture(scope="module")
def gateway() -> Gateway:
    return new_gateway(redis.Redis())


def test_types_lists_every_language_with_its_address(gateway: Gateway) -> None:
    told = gateway.client.get("/types", base_url="http://replyto.test:81").json
    assert told["Metadata"] == "http://replyto.test:81/types/metadata"
    assert told["CSharp"] == "http://replyto.test:81/types/csharp"
    assert set(told) == {"Metadata", *(one.label for one in LANGUAGES)}
    assert gateway.client.get("/types/").status_code == 200


@pytest.mark.parametrize("language", [one.key for one in LANGUAGES])
def test_file_has_a_header_that_tools_read(gateway: Gateway, language: str) -> None:
    answer = gateway.client.get(f"/types/{language}", base_url="http://replyto.test")
    assert answer.status_code == 200
    assert answer.mimetype == ("text/javascript" if language == "mjs" else "text/plain")
    assert "Options:" in answer.text
    assert "\nBaseUrl: http://replyto.test\n" in answer.text.replace("\n'", "\n").replace(
        "///", ""
    ).replace("\n ", "\n")
    assert "QueueOpenAiChatCompletion" in answer.text


@pytest.mark.parametrize("name", ["ts", "TypeScript", "TYPESCRIPT"])
def test_language_is_found_by_its_other_names(gateway: Gateway, name: str) -> None:
    assert "export class Hello" in gateway.client.get(f"/types/{name}").text


def test_unknown_language_is_not_found_and_the_known_are_named(gateway: Gateway) -> None:
    answer = gateway.client.get("/types/cobol")
    assert answer.status_code == 404
    assert "csharp" in answer.json["responseStatus"]["message"]


def test_option_is_read_in_any_casing_and_stands_uncommented(gateway: Gateway) -> None:
    text = gateway.client.get("/types/typescript?include_types=Hello").text
    assert "\nIncludeTypes: Hello\n" in text
    assert "\n//ExcludeTypes:\n" in text
    assert "OpenAiChat" not in text


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("AddServiceStackTypes=perhaps", "AddServiceStackTypes"),
        ("IncludeTypes=a*/alert()", "IncludeTypes"),
        ("IncludeTypes=NoSuchDto", "IncludeTypes"),
        ("IncludeTypes={nosuchtag}", "IncludeTypes"),
        ("GlobalNamespace=a;b", "GlobalNamespace"),
        ("DefaultImports=x;import os", "DefaultImports"),
        ("AddImplicitVersion=one", "AddImplicitVersion"),
        ("ExcludeTypes=" + "a" * 4001, "ExcludeTypes"),
    ],
)
def test_bad_value_is_refused_and_named(gateway: Gateway, query: str, field: str) -> None:
    answer = gateway.client.get(f"/types/csharp?{query}")
    assert answer.status_code == 400
    assert answer.json["responseStatus"]["errors"][0]["fieldName"] == field
    assert answer.json["responseStatus"]["message"].startswith(field)


def test_unknown_option_is_ignored(gateway: Gateway) -> None:
    plain = gateway.client.get("/types/python").text
    assert gateway.client.get("/types/python?Whatever=<script>").text == plain


def test_same_file_is_not_sent_again(gateway: Gateway) -> None:
    first = gateway.client.get("/types/java")
    again = gateway.client.get("/types/java", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = gateway.client.get("/types/java?Package=org.me")
    assert other.headers["ETag"] != first.headers["ETag"]


def test_metadata_tells_types_and_operations(gateway: Gateway) -> None:
    told = gateway.client.get("/types/metadata").json
    assert told == gateway.client.get("/types/metadata.json").json
    (queue,) = (
        one for one in told["operations"] if one["request"]["name"] == "QueueOpenAiChatCompletion"
    )
    assert (queue["method"], queue["tags"]) == ("POST", ["inference"])
    assert queue["returnType"]["name"] == "QueueOpenAiChatResponse"
    assert queue["requiresApiKey"] is True
    names = {one["name"] for one in told["types"]}
    assert {"OpenAiMessage", "QueryResponse`1", "JobState"} <= names
    app = gateway.client.get("/metadata/app.json").json
    assert app["app"]["serviceName"] == "ReplyTo"
    assert len(app["api"]["operations"]) == len(told["operations"])


def test_page_lists_operations_and_loads_nothing_from_elsewhere(gateway: Gateway) -> None:
    answer = gateway.client.get("/metadata")
    assert "WaitForOpenAiChat" in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
