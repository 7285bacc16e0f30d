"""What reaches the LLM is what the client sent, and what comes back is what the LLM answered."""

from __future__ import annotations

import json
import uuid

import pytest

from tests.acceptance.llms.odd_answers import ODD_ANSWERS
from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import Stack

JSON = {"Content-Type": "application/json"}

#: Each is sent as it stands. %s is a marker by which the LLM's call is found.
BODIES = [
    pytest.param(
        '{"model":"demo-instant","messages":[{"role":"user","content":"%s"}],'
        '"x_unknown":{"Nested":[1,{"RefId":"kept","Model":"kept"}]},"Zz":null,"a_b":[]}',
        id="unknown fields",
    ),
    pytest.param(
        '{"model":"demo-instant","messages":[{"role":"user","content":"%s"}],"tools":[{"type":'
        '"function","function":{"name":"f","parameters":{"type":"object","properties":{"MaxTokens"'
        ':{"type":"string"},"ref_id":{"Type":"x"},"topP":{"replyTo":{}}},"required":["MaxTokens"],'
        '"additionalProperties":false}}}],"metadata":{"RefId":"m","replyTo":"m","Max_Tokens":"1"}}',
        id="any casing inside tools and metadata",
    ),
    pytest.param(
        '{"model":"demo-instant","messages":[{"role":"user","content":"%s"}],"temperature":1.50,'
        '"top_p":1E-1,"seed":18446744073709551617,"x":123456789012345678901234567890,'
        '"logit_bias":{"1":-0.0,"2":1e400,"3":0.1000},"y":[1e0,-1E+2,0.30000000000000004]}',
        id="numbers as written",
    ),
    pytest.param(
        '{"model":"demo-instant","messages":[{"role":"user","content":"%s"},{"role":"user",'
        '"content":"raw ü 漢字 😀 \u2028 escaped \\u00fc \\ud83d\\ude00 \\/ \\b\\t\\n \\u0000 '
        '\\u007f \\"q\\" \\\\"}],"user":"\\u0041"}',
        id="unicode raw and escaped",
    ),
    pytest.param(
        '{"model":"demo-instant","messages":[{"role":"assistant","content":null,"name":null},'
        '{"role":"user","content":"%s"}],"temperature":null,"stop":null,"tools":null,"x":null}',
        id="null is not absent",
    ),
    pytest.param(
        '\n {\t"user" :"u" , "messages":[ {"content":"%s","role":"user"} ]\r\n,\n\n"z":1,'
        '"model":   "demo-instant","a" : {  } , "b":[ ]  }\n ',
        id="order of names and white space",
    ),
    pytest.param(
        '{"model":"demo-instant","messages":[{"role":"user","content":[{"type":"text","text":"%s"'
        ',"x":1.0},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA==","detail":'
        '"low"}},{"type":"new_part","Data":{"URL":"u"}}],"cache_control":{"Type":"e"}}]}',
        id="content parts",
    ),
]


def call_of(stack: Stack, marker: str) -> str:
    [call] = stack.llm_calls(marker)
    return call.body.decode()


@pytest.mark.parametrize("template", BODIES)
@pytest.mark.parametrize("path", ["/v1/chat/completions", "/api/OpenAiChatCompletion"])
def test_llm_gets_the_body_of_a_sync_call_byte_for_byte(
    stack: Stack, api: Api, path: str, template: str
) -> None:
    marker = uuid.uuid4().hex
    body = template.replace("%s", marker)
    response = api.post(path, data=body.encode(), headers=JSON)
    assert response.status_code == 200, response.text
    assert call_of(stack, marker) == body


@pytest.mark.parametrize("template", BODIES)
def test_llm_gets_the_request_of_a_queued_job_byte_for_byte(
    stack: Stack, api: Api, template: str
) -> None:
    marker = uuid.uuid4().hex
    request = template.replace("%s", marker).strip()
    envelope = f'{{"tag":"t", "request" : {request} ,"refId":"{marker}"}}'
    queued = api.post("/api/QueueOpenAiChatCompletion", data=envelope.encode(), headers=JSON)
    assert queued.status_code == 200, queued.text
    api.until_ended(queued.json()["id"])
    assert call_of(stack, marker) == request
    assert api.job(queued.json()["id"])["requestBody"] == request


def test_alias_changes_nothing_but_the_value_of_model(stack: Stack, api: Api) -> None:
    marker = uuid.uuid4().hex
    body = (
        '{"a":{"model":"public-name"}, "model" : "public-name" ,"x":1.50,\n"messages":'
        f'[{{"role":"user","content":"public-name {marker}","model":"public-name"}}]}}'
    )
    assert api.post("/v1/chat/completions", data=body.encode(), headers=JSON).status_code == 200
    expected = body.replace('"model" : "public-name"', '"model" : "demo-instant"')
    assert call_of(stack, marker) == expected


@pytest.mark.parametrize(
    ("ours", "left"),
    [
        pytest.param('"refId":"%s","a":1,', '"a":1,', id="first"),
        pytest.param('"a":1,"RefId":"%s","Tag":"t","b":2,', '"a":1,"b":2,', id="middle"),
        pytest.param('"ref_id":"%s","provider":"demo","tag":"t",', "", id="all of them"),
        pytest.param('"refId":"%s","provider":{"order":["a"]},',
                     '"provider":{"order":["a"]},', id="the vendor's own provider object"),
    ],
)  # fmt: skip
def test_fields_of_the_gateway_do_not_reach_the_llm(
    stack: Stack, api: Api, ours: str, left: str
) -> None:
    marker = uuid.uuid4().hex
    rest = f'"model":"demo-instant","messages":[{{"role":"user","content":"{marker}"}}]}}'
    body = "{" + ours.replace("%s", f"r-{marker}") + rest
    response = api.post("/v1/chat/completions", data=body.encode(), headers=JSON)
    assert response.status_code == 200, response.text
    assert call_of(stack, marker) == "{" + left + rest


def test_key_of_the_client_does_not_reach_the_llm(stack: Stack, api: Api) -> None:
    marker = uuid.uuid4().hex
    api.post("/v1/chat/completions", json={**json.loads(BODIES[0].values[0] % marker)})  # type: ignore[operator]
    [call] = stack.llm_calls(marker)
    assert "authorization" not in call.headers
    assert call.headers["content-type"] == "application/json"


@pytest.mark.parametrize("model", ODD_ANSWERS)
def test_answer_of_the_llm_comes_back_byte_for_byte_everywhere(
    stack: Stack, api: Api, model: str
) -> None:
    _, answer = ODD_ANSWERS[model]
    request = {"model": model, "messages": [{"role": "user", "content": "x"}]}
    assert api.post("/v1/chat/completions", json=request).content == answer
    path = f"/odd/{uuid.uuid4().hex}"
    job_id = api.queue(request, replyTo=stack.receiver.url(path))["id"]
    [callback] = stack.receiver.wait_for(path)
    assert callback.body == answer
    status = api.get("/api/GetOpenAiChatStatus", params={"jobId": job_id}).content
    assert b'"result":' + answer + b"}" in status
    assert api.job(job_id)["responseBody"] == answer.decode()
