"""An error is understood in every form that the field has, and told in OpenAI's."""

from __future__ import annotations

import gzip
import io
import json
from typing import Any

import pytest
import requests
from urllib3 import HTTPResponse

from shared.providers.provider import Provider
from workers.providers.base import Blame, ProviderCall, ProviderError
from workers.providers.http_errors import error_of

KEY = "sk-proj-Abc123Def456Ghi789"
CALL = ProviderCall(
    Provider.model_validate(
        {
            "name": "acme",
            "base_url": "https://u:pass-4-word@h:1/v1",
            "models": ["m"],
            "headers": {"x-gate": "env:GATE"},
        }
    ),
    b'{"model":"m","messages":[]}',
    KEY,
    1,
    1,
    headers=(("x-gate", "gate-secret-value"),),
)


def judged(body: object, status: int = 400, call: ProviderCall = CALL, **headers: str) -> Any:
    """Return the error that an answer means; its body is read from the wire as in a stream."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    response = requests.Response()
    response.status_code = status
    response.url = "https://h:1/v1/chat/completions"
    response.headers.update({name.replace("_", "-"): value for name, value in headers.items()})
    response.raw = HTTPResponse(io.BytesIO(raw), headers=headers, preload_content=False)
    return error_of(call, response)


def told(error: ProviderError) -> Any:
    """Return what the client gets."""
    return json.loads(error.body or b"{}")["error"]


FORMS = [
    pytest.param(
        {"error": {"message": "No.", "type": "t", "param": "p", "code": "c"}},
        ("No.", "t", "p", "c"),
        id="OpenAI",
    ),
    pytest.param(
        [{"error": {"code": 400, "message": "No.", "status": "INVALID_ARGUMENT"}}],
        ("No.", None, None, "INVALID_ARGUMENT"),
        id="Gemini: a list",
    ),
    pytest.param({"error": "No."}, ("No.", None, None, None), id="Ollama: a text"),
    pytest.param(
        {"object": "error", "message": "No.", "type": "BadRequestError", "code": 400},
        ("No.", "BadRequestError", None, "400"),
        id="vLLM: flat",
    ),
    pytest.param({"detail": "No."}, ("No.", None, None, None), id="FastAPI: a text"),
    pytest.param(
        {"detail": [{"loc": ["body", "messages", 0], "msg": "field required", "type": "missing"}]},
        ("messages.0: field required", None, "messages.0", "missing"),
        id="FastAPI: a list of fields",
    ),
    pytest.param(
        {"detail": {"error": {"message": "No.", "code": "c"}}},
        ("No.", None, None, "c"),
        id="FastAPI: an error in the detail",
    ),
    pytest.param(
        {
            "object": "error",
            "message": {
                "detail": [{"type": "extra_forbidden", "loc": ["body", "x"], "msg": "Extra inputs"}]
            },
            "type": "invalid_request_error",
            "param": None,
            "code": None,
        },
        ("x: Extra inputs", "invalid_request_error", "x", "extra_forbidden"),
        id="Mistral: details as the message",
    ),
    pytest.param(
        {"message": "Unauthorized model", "request_id": "1"},
        ("Unauthorized model", None, None, None),
        id="Mistral, Cohere, Kong: a message",
    ),
    pytest.param(
        {"__type": "com.amazon.coral#ValidationException", "message": "No."},
        ("No.", None, None, "ValidationException"),
        id="Amazon",
    ),
    pytest.param({"Message": "No."}, ("No.", None, None, None), id="Amazon's gateway"),
    pytest.param(
        {"success": False, "result": None, "errors": [{"code": 7003, "message": "No."}]},
        ("No.", None, None, "7003"),
        id="Cloudflare",
    ),
    pytest.param(
        {
            "error": {
                "message": "Provider returned error",
                "code": 400,
                "metadata": {"raw": '{"error":{"message":"too hot"}}', "provider_name": "X"},
            }
        },
        ("Provider returned error: too hot", None, None, "400"),
        id="OpenRouter: the upstream's own words",
    ),
    pytest.param(
        {
            "error": {
                "message": "Input was flagged",
                "code": 403,
                "metadata": {"reasons": ["violence", "self-harm"]},
            }
        },
        ("Input was flagged: violence, self-harm", None, None, "403"),
        id="OpenRouter: reasons of a moderation",
    ),
    pytest.param(
        {"error": {"message": "No.", "innererror": {"code": "ResponsibleAIPolicyViolation"}}},
        ("No.", None, None, "ResponsibleAIPolicyViolation"),
        id="Azure: the reason inside",
    ),
    pytest.param(
        {"error": {"message": '{"error":{"code":400,"message":"No."}}', "code": 400}},
        ("No.", None, None, "400"),
        id="Gemini behind others: JSON in the message",
    ),
    pytest.param({"error": ["One.", "Two."]}, ("One.: Two.", None, None, None), id="a list"),
    pytest.param({"error": 7, "message": "No."}, ("No.", None, None, None), id="a number"),
    pytest.param({"error": True, "reason": "No."}, ("No.", None, None, None), id="yes"),
    pytest.param({"error": None, "message": "No."}, ("No.", None, None, None), id="null"),
    pytest.param(
        {"status": 400, "error": "Bad Request", "message": "No.", "path": "/"},
        ("No.", None, None, "Bad Request"),
        id="Spring",
    ),
    pytest.param(
        {"code": "Client specified an invalid argument", "error": "No."},
        ("No.", None, None, "Client specified an invalid argument"),
        id="xAI",
    ),
    pytest.param(
        {"error": "No.", "error_type": "validation"}, ("No.", None, None, "validation"), id="TGI"
    ),
    pytest.param(
        {"type": "https://e.com/x", "title": "Bad", "status": 400, "detail": "No."},
        ("No.", None, None, None),
        id="RFC 9457",
    ),
    pytest.param(
        {"title": "Invalid.", "errors": {"Model": ["is required"]}},
        ("Invalid.", None, None, None),
        id="ASP.NET",
    ),
    pytest.param(
        {"errors": {"Model": ["is required"]}},
        ("Model: is required", None, "Model", None),
        id="ASP.NET without a title",
    ),
    pytest.param(
        {"error_code": "BAD_REQUEST", "message": "No."},
        ("No.", None, None, "BAD_REQUEST"),
        id="Databricks",
    ),
    pytest.param(
        {"base_resp": {"status_code": 1004, "status_msg": "No."}},
        ("No.", None, None, None),
        id="MiniMax",
    ),
    pytest.param(
        {"responseStatus": {"errorCode": "Bad", "message": "No."}},
        ("No.", None, None, "Bad"),
        id="ServiceStack",
    ),
    pytest.param(
        {"fault": {"faultstring": "No.", "detail": {"errorcode": "policies.x"}}},
        ("No.", None, None, None),
        id="Apigee",
    ),
    pytest.param("No.", ("No.", None, None, None), id="a JSON string"),
    pytest.param(b"No such thing.\n", ("No such thing.", None, None, None), id="plain text"),
    pytest.param(
        b'event: error\ndata: {"error":{"message":"No.","code":"c"}}\n\n',
        ("No.", None, None, "c"),
        id="an event",
    ),
    pytest.param(
        gzip.compress(b'{"error":"No."}'), ("No.", None, None, None), id="gzip that is not told"
    ),
    pytest.param(
        '{"error":"Ünö."}'.encode("utf-16"), ("Ünö.", None, None, None), id="another encoding"
    ),
    pytest.param(
        b'{"error":{"message":"No.","score":NaN,"most":1e999}}',
        ("No.", None, None, None),
        id="numbers that JSON has not",
    ),
]


@pytest.mark.parametrize(("body", "expected"), FORMS)
def test_error_is_told_in_openais_form(body: object, expected: Any) -> None:
    message, kind, param, code = expected
    error = judged(body)
    found = told(error)
    assert [found[name] for name in ("message", "type", "param", "code")] == [
        message,
        kind or "invalid_request_error",
        param,
        code,
    ]
    assert (error.failure.status, error.status, error.transient) == (400, 400, False)
    assert json.loads(error.body)["responseStatus"]["message"] == message
    json.loads(error.body, parse_constant=pytest.fail)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        pytest.param(b"", "Provider 'acme' answered 502.", id="empty"),
        pytest.param(b"{}", "Provider 'acme' answered 502.", id="nothing said"),
        pytest.param(b"null", "Provider 'acme' answered 502.", id="null"),
        pytest.param(b"[]", "Provider 'acme' answered 502.", id="an empty list"),
        pytest.param(
            b"<html><head><title>502 Bad\n Gateway</title></head><body>x</body></html>",
            "Provider 'acme' answered 502 with a page: 502 Bad Gateway",
            id="a page",
        ),
        pytest.param(b"[" * 100_000, "[" * 500, id="deeper than can be read"),
        pytest.param(b"x" * 10_000_000, "x" * 500, id="large"),
    ],
)
def test_answer_that_tells_no_error_is_named(body: bytes, message: str) -> None:
    error = judged(body, 502)
    assert error.failure.message == message
    assert error.transient


def test_further_members_go_on_unless_they_are_too_much() -> None:
    filtered = {"hate": {"filtered": True, "severity": 0.5}}
    body: Any = {"error": {"message": "No.", "innererror": {"content_filter_result": filtered}}}
    assert told(judged(body))["innererror"]["content_filter_result"] == filtered
    body["error"]["innererror"]["more"] = "x" * 50_000
    assert "innererror" not in told(judged(body))


@pytest.mark.parametrize(
    "body",
    [
        {"error": {"message": "m", "code": "context_length_exceeded"}},
        {"error": {"message": "This model's maximum context length is 4096 tokens."}},
        {"object": "error", "message": "This model's maximum context length is 8 tokens"},
        {"error": {"type": "invalid_request_error", "message": "prompt is too long: 9 > 8"}},
        {"error": {"type": "exceed_context_size_error", "message": "it is too large", "code": 400}},
        [{"error": {"message": "The input token count (9) exceeds the maximum number of tokens"}}],
        {"message": "Input is too long for requested model."},
    ],
)
def test_prompt_that_is_too_long_is_named_as_clients_look_for_it(body: object) -> None:
    assert told(judged(body))["code"] == "context_length_exceeded"


# --- who is to blame --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "blame", "client", "transient"),
    [
        (400, {"error": "bad"}, Blame.REQUEST, 400, False),
        (401, {"error": "who?"}, Blame.KEY, 502, False),
        (402, {"error": {"message": "Insufficient Balance"}}, Blame.BILLING, 402, False),
        (
            400,
            {
                "type": "error",
                "error": {
                    "type": "invalid_request_error",
                    "message": "Your credit balance is too low to access the Anthropic API.",
                },
            },
            Blame.BILLING,
            400,
            False,
        ),
        (429, {"error": {"code": "insufficient_quota"}}, Blame.BILLING, 429, True),
        (403, {"error": {"message": "flagged"}}, Blame.FORBIDDEN, 403, False),
        (403, {"error": {"code": "model_not_found"}}, Blame.MODEL, 403, False),
        (403, b"", Blame.FORBIDDEN, 403, False),
        (451, b"", Blame.FORBIDDEN, 451, False),
        (404, {"error": {"code": "model_not_found"}}, Blame.MODEL, 404, False),
        (404, {"error": 'model "x" not found, try pulling it first'}, Blame.MODEL, 404, False),
        (404, {"error": {"message": "No response with id"}}, Blame.REQUEST, 404, False),
        (404, b"<html><title>404</title></html>", Blame.SETTINGS, 404, False),
        (404, b"", Blame.FORBIDDEN, 404, False),
        (404, b"404 page not found\n", Blame.FORBIDDEN, 404, False),
        (404, {"detail": "Not Found"}, Blame.FORBIDDEN, 404, False),
        (404, {"error": {"message": "Resource not found"}}, Blame.FORBIDDEN, 404, False),
        (404, {"error": {"message": "Model not found"}}, Blame.FORBIDDEN, 404, False),
        (404, {"error": {"message": "Invalid URL (POST /v1/x)"}}, Blame.FORBIDDEN, 404, False),
        (404, {"error": {"message": "File f-1 not found."}}, Blame.REQUEST, 404, False),
        (405, b"", Blame.FORBIDDEN, 405, False),
        (405, b"<html><title>405 Not Allowed</title></html>", Blame.FORBIDDEN, 405, False),
        (501, {"error": {"message": "No embeddings here"}}, Blame.FORBIDDEN, 501, False),
        (407, b"", Blame.SETTINGS, 407, False),
        (408, b"", Blame.PROVIDER, 408, True),
        (413, b"", Blame.REQUEST, 413, False),
        (422, {"detail": []}, Blame.REQUEST, 422, False),
        (424, {"error": "CUDA"}, Blame.PROVIDER, 424, True),
        (429, b"", Blame.PROVIDER, 429, True),
        (498, b"", Blame.PROVIDER, 498, True),
        (499, b"", Blame.PROVIDER, 499, True),
        (500, b"", Blame.PROVIDER, 500, True),
        (503, b"<html>", Blame.PROVIDER, 503, True),
        (520, b"", Blame.PROVIDER, 503, True),
        (524, b"", Blame.PROVIDER, 503, True),
        (529, b"", Blame.PROVIDER, 503, True),
        (530, b"", Blame.PROVIDER, 503, True),
        (999, b"", Blame.PROVIDER, 502, True),
        (204, b"", Blame.SETTINGS, 502, False),
    ],
)
def test_status_and_words_say_whose_matter_it_is(
    status: int, body: object, blame: Blame, client: int, transient: bool
) -> None:
    error = judged(body, status)
    assert (error.blame, error.failure.status) == (blame, client)
    assert (error.transient, error.status) == (transient, status)


@pytest.mark.parametrize(
    "words",
    ["Your credit balance is too low", "the model x does not exist", "Insufficient balance"],
)
def test_words_of_the_request_convict_nobody(words: str) -> None:
    """An API quotes what it refuses: whoever may chat could put a provider away with that."""
    request = json.dumps({"model": "m", words: 1}).encode()
    call = ProviderCall(CALL.provider, request, None, 1, 1)
    body = {"error": {"message": f"{words}: Extra inputs are not permitted"}}
    for status in (400, 404):
        assert judged(body, status, call).blame is Blame.REQUEST


# --- secrets and control characters -----------------------------------------------------------

QUOTED = [
    pytest.param(KEY, id="whole"),
    pytest.param("sk-pro****i789", id="masked"),
    pytest.param("sk-proj-Abc...", id="its beginning"),
    pytest.param("sk-proj-Abc123", id="how it begins"),
    pytest.param("456Ghi789", id="how it ends"),
    pytest.param("Bearer abcdefgh12345678", id="some other bearer"),
    pytest.param("gate-secret-value", id="the value of a header"),
    pytest.param("pass-4-word", id="the password of the address"),
    pytest.param("sk-ant-api03-XyZ123456", id="a key that is not ours"),
]


@pytest.mark.parametrize("status", [400, 401, 403, 500])
@pytest.mark.parametrize("quoted", QUOTED)
def test_key_is_quoted_nowhere(quoted: str, status: int) -> None:
    body: dict[str, Any] = {
        "error": {
            "message": f"Incorrect API key provided: {quoted}. See https://e.com/keys",
            "code": quoted,
            "metadata": {"raw": json.dumps({"error": quoted}), quoted: [quoted]},
        }
    }
    for form in (body, {"detail": f"key='{quoted}'"}, [f"({quoted})"], f"<{quoted}>".encode()):
        error = judged(form, status)
        secret = quoted.removeprefix("Bearer ")
        everything = f"{error} {error.failure} {error.body!r} {error.words} {error!r}"
        assert secret not in everything
    assert "https://e.com/keys" in f"{judged(body, status).words} {judged(body, status)}"


@pytest.mark.parametrize(
    "text", ["install sk-learn and hf_hub", "a key-value store", "Bearer token", "use max_tokens"]
)
def test_words_that_are_no_key_stay(text: str) -> None:
    assert judged({"error": text}).failure.message == text


def test_control_characters_reach_no_log_line() -> None:
    nasty = "a\r\n2026 CRITICAL forged\x1b[2J\x1b]0;title\x07\u2028b\x00\u202ec"
    error = judged({"error": {"message": nasty, "code": "x\ny"}})
    assert str(error) == "a 2026 CRITICAL forged bc"
    assert error.failure.message.split("\n") == ["a", "2026 CRITICAL forged", "bc"]


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (404, b"<html><title>Not Found</title>", "404 at {} with a page: Not Found"),
        (404, b"", "404 at {}."),
        (405, b"<html></html>", "405 at {}."),
        (304, b"", "304 at {}."),
    ],
)
def test_address_is_named_where_it_may_be_wrong(status: int, body: bytes, message: str) -> None:
    error = judged(body, status)
    asked = "https://h:1/v1/chat/completions"
    assert error.failure.message == f"Provider 'acme' answered {message.format(asked)}"
    secret = requests.Response()
    secret.status_code, secret.url = 404, f"https://u:{KEY}@h/{KEY}/v1?key={KEY}"
    secret.raw = HTTPResponse(io.BytesIO(b"<html>"), preload_content=False)
    assert "https://h/[redacted]/v1" in str(error_of(CALL, secret))
    assert KEY not in str(error_of(CALL, secret))


# --- redirects and waits ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("location", "target"),
    [
        ("https://new.example.com/v1/chat", "https://new.example.com/v1/chat"),
        ("/v2/chat?key=" + KEY, "https://h:1/v2/chat"),
        (f"https://u:{KEY}@e.com/x#y", "https://e.com/x"),
        (f"https://e.com/{KEY}", "https://e.com/[redacted]"),
        ("https://e.com/a\x1b[31mb", "https://e.com/ab"),
        ("http://[", None),
        ("", None),
    ],
)
def test_redirect_is_named_with_its_target(location: str, target: str | None) -> None:
    error = judged(b"", 307, Location=location)
    said = f" to {target}" if target else ""
    assert str(error) == (
        f"Provider 'acme' redirects{said} (307) at https://h:1/v1/chat/completions; "
        "its base_url must name the place that answers."
    )
    assert error.failure.status == 502
    assert error.blame is Blame.SETTINGS


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry_After": "2.5"}, 2.5),
        ({"Retry_After": "1, 2"}, 2.0),
        ({"Retry_After": "3,1,soon"}, 3.0),
        ({"Retry_After": "4, Wed, 21 Oct 2015 07:28:00 GMT"}, 4.0),
        ({"Retry_After": "Wed, 21 Oct 2015 07:28:00 GMT"}, 0.0),
        ({"retry_after_ms": "1500, 900"}, 1.5),
        ({"Retry_After": " 7 "}, 7.0),
        ({"retry_after_ms": "1500"}, 1.5),
        ({"retry_after_ms": "250.5", "Retry_After": "1"}, 0.2505),
        ({"retry_after_ms": "soon", "Retry_After": "3"}, 3.0),
        ({"Retry_After": "-1"}, None),
        ({"Retry_After": "NaN"}, None),
        ({"Retry_After": "1e9"}, None),
        ({"Retry_After": "٣"}, None),
        ({"Retry_After": "9" * 400}, 21_600),
        ({"Retry_After": "Wed, 99 Foo 99999999999 99:99:99 GMT"}, None),
        ({}, None),
    ],
)
def test_wait_is_read_in_all_its_forms(headers: Any, seconds: float | None) -> None:
    assert judged(b"", 429, **headers).retry_after_s == seconds


@pytest.mark.parametrize(
    ("details", "seconds"),
    [
        ([{"@type": "x"}, {"@type": "google.rpc.RetryInfo", "retryDelay": "34.07s"}], 34.07),
        ([{"retryDelay": "soon"}], None),
        ([{"retryDelay": {"seconds": 3}}, "x"], None),
        ("x", None),
    ],
)
def test_wait_is_read_in_googles_words(details: Any, seconds: float | None) -> None:
    told_by = {"error": {"code": 429, "message": "No.", "details": details}}
    assert judged([told_by], 429).retry_after_s == seconds
    assert judged([told_by], 429, Retry_After="2").retry_after_s == 2


def test_wait_for_a_model_that_is_loaded_is_read() -> None:
    loading = {"error": "Model m is currently loading", "estimated_time": 20.5}
    assert judged(loading, 503).retry_after_s == 20.5
    assert judged(loading | {"estimated_time": "soon"}, 503).retry_after_s is None
