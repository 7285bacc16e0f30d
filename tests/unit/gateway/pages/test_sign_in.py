"""Sign-in of browsers, and the pages' shell."""

from __future__ import annotations

import gzip
import re
from typing import Any

import pytest
import redis
from flask.testing import FlaskClient
from pydantic import SecretStr

from gateway.auth.sessions import COOKIE, MOST_FAILURES
from gateway.pages.packed_files import STATIC
from gateway.pages.views import assets_version
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, build


def _client(fake_redis: redis.Redis, **settings: Any) -> FlaskClient:
    secrets = {"api_key": SecretStr(API_KEY), "auth_secret": SecretStr(ADMIN_SECRET)}
    return build(fake_redis, new_settings(**secrets, **settings)).client


@pytest.fixture
def browser(fake_redis: redis.Redis) -> FlaskClient:
    """A client that keeps cookies and knows no key."""
    return _client(fake_redis)


def test_session_is_refused_until_somebody_signs_in(browser: FlaskClient) -> None:
    assert browser.get("/session").status_code == 401
    assert browser.get("/api/ActiveAiModels").status_code == 401


def test_sign_in_gives_the_session_its_keys_rights(browser: FlaskClient) -> None:
    told = browser.post("/session", json={"key": f" {API_KEY} "})

    assert told.json["owner"] == "bootstrap"
    assert told.json["isAdmin"] is False
    assert browser.get("/api/ActiveAiModels").status_code == 200


def test_session_cookie_is_out_of_the_reach_of_scripts_and_other_sites(
    browser: FlaskClient,
) -> None:
    cookie = browser.post("/session", json={"key": ADMIN_SECRET}).headers["Set-Cookie"]

    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Secure" not in cookie


def test_session_cookie_is_secure_where_the_gateway_is(fake_redis: redis.Redis) -> None:
    browser = _client(fake_redis, base_url="https://llm.example.com")

    assert "Secure" in browser.post("/session", json={"key": API_KEY}).headers["Set-Cookie"]


@pytest.mark.parametrize(("proxies", "is_secure"), [(0, False), (1, True)])
def test_word_of_a_proxy_counts_only_where_proxies_are_trusted(
    fake_redis: redis.Redis, proxies: int, *, is_secure: bool
) -> None:
    browser = _client(fake_redis, trusted_proxies=proxies)
    said = {"X-Forwarded-For": "198.51.100.7", "X-Forwarded-Proto": "https"}

    cookie = browser.post("/session", json={"key": API_KEY}, headers=said).headers["Set-Cookie"]

    assert ("Secure" in cookie) is is_secure


def test_clients_behind_a_trusted_proxy_are_told_apart(fake_redis: redis.Redis) -> None:
    browser = _client(fake_redis, trusted_proxies=1)

    def sign_in(forwarded: str, key: str) -> int:
        headers = {"X-Forwarded-For": forwarded}
        return browser.post("/session", json={"key": key}, headers=headers).status_code

    for _ in range(MOST_FAILURES):
        assert sign_in("198.51.100.7", "ak-wrong") == 401

    # What a client wrote itself stands before what the proxy added.
    assert sign_in("203.0.113.9, 198.51.100.7", API_KEY) == 429
    assert sign_in("203.0.113.9", API_KEY) == 200


def test_change_with_a_cookie_needs_the_token(browser: FlaskClient) -> None:
    token = browser.post("/session", json={"key": API_KEY}).json["csrfToken"]

    without = browser.post("/api/CancelJob", json={"id": 7})
    wrong = browser.post("/api/CancelJob", json={"id": 7}, headers={"x-csrf-token": "0" * 64})
    right = browser.post("/api/CancelJob", json={"id": 7}, headers={"x-csrf-token": token})

    assert [without.status_code, wrong.status_code, right.status_code] == [403, 403, 404]
    assert without.json["error"]["code"] == "csrf_failed"


def test_sign_out_ends_the_session_also_for_a_copied_cookie(browser: FlaskClient) -> None:
    token = browser.post("/session", json={"key": API_KEY}).json["csrfToken"]
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None

    browser.delete("/session", headers={"x-csrf-token": token})
    browser.set_cookie(COOKIE, cookie.value)

    assert browser.get("/session").status_code == 401


def test_ledger_holds_neither_cookie_nor_key(browser: FlaskClient, fake_redis: redis.Redis) -> None:
    browser.post("/session", json={"key": API_KEY})
    cookie = browser.get_cookie(COOKIE)
    assert cookie is not None

    held = [*fake_redis.keys(), *(fake_redis.get(name) for name in fake_redis.keys("session:*"))]

    assert any(name.startswith(b"session:") for name in held)
    for secret in (cookie.value, API_KEY):
        assert not [text for text in held if secret.encode() in text]


@pytest.mark.parametrize(
    "body", [{"key": "ak-wrong"}, {"key": ""}, {"key": 5}, {"key": "\ud800"}, {}, []], ids=repr
)
def test_sign_in_refuses_what_is_no_key(browser: FlaskClient, body: object) -> None:
    answer = browser.post("/session", json=body)

    assert answer.status_code == 401
    assert "Set-Cookie" not in answer.headers


def test_sign_in_is_throttled_after_failures_even_with_the_right_key(browser: FlaskClient) -> None:
    for _ in range(MOST_FAILURES):
        assert browser.post("/session", json={"key": "ak-guess"}).status_code == 401

    answer = browser.post("/session", json={"key": API_KEY})

    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"


def test_open_pages_sign_a_local_browser_in(fake_redis: redis.Redis) -> None:
    browser = _client(fake_redis, pages_open=True)

    assert browser.get("/session").json["owner"] == "bootstrap"
    assert browser.get("/api/ActiveAiModels").status_code == 200


@pytest.mark.parametrize(
    ("url", "address", "headers"),
    [
        pytest.param("http://evil.example/session", "127.0.0.1", {}, id="a name bent to loopback"),
        pytest.param("http://localhost/session", "10.0.0.9", {}, id="another machine"),
        pytest.param(
            "http://localhost/session",
            "127.0.0.1",
            {"Sec-Fetch-Site": "cross-site"},
            id="a page of another site",
        ),
    ],
)
def test_open_pages_sign_nobody_else_in(
    fake_redis: redis.Redis, url: str, address: str, headers: dict[str, str]
) -> None:
    browser = _client(fake_redis, pages_open=True)

    answer = browser.get(url, environ_overrides={"REMOTE_ADDR": address}, headers=headers)

    assert answer.status_code == 401


@pytest.mark.parametrize("path", ["/Chat", "/Chat/c/17", "/admin", "/admin/jobs/3", "/Images"])
def test_page_is_a_shell_under_a_strict_policy(browser: FlaskClient, path: str) -> None:
    answer = browser.get(path)

    policy = answer.headers["Content-Security-Policy"]
    assert answer.status_code == 200
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert not re.search(r"<script(?![^>]*\bsrc=)[^>]*>|\son\w+=|\sstyle=", answer.text)


def test_page_names_only_files_that_are_there_and_may_be_kept(browser: FlaskClient) -> None:
    names = re.findall(r'(?:src|href)="(/static/[^"]+)"', browser.get("/Chat").text)

    assert len(names) > 5
    for name in names:
        answer = browser.get(name, buffered=True)
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["Cache-Control"]


def test_texts_of_pages_are_compressed_for_who_takes_that(browser: FlaskClient) -> None:
    def get(**headers: str) -> Any:
        return browser.get("/static/older/js/lib/api.js", headers=headers, buffered=True)

    plain, packed = get(), get(**{"Accept-Encoding": "gzip, br"})
    assert "Content-Encoding" not in plain.headers
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.mimetype == plain.mimetype
    assert gzip.decompress(packed.data) == plain.data == (STATIC / "js/lib/api.js").read_bytes()
    again = {"Accept-Encoding": "gzip", "If-None-Match": packed.headers["ETag"]}
    assert get(**again).status_code == 304


def test_file_at_an_older_address_is_not_kept(browser: FlaskClient) -> None:
    answer = browser.get("/static/older/js/lib/api.js", buffered=True)

    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize("name", ["../pages.py", "%2e%2e/pages.py", "js/../../pages.py", "nothing"])
def test_static_serves_nothing_else(browser: FlaskClient, name: str) -> None:
    assert browser.get(f"/static/{assets_version()}/{name}").status_code == 404


def test_scripts_never_take_markup_from_text() -> None:
    """The pages build elements; what sets HTML from a string is kept out altogether."""
    ours = [path for path in STATIC.rglob("*.js") if "vendor" not in path.parts]
    assert len(ours) > 10
    for path in ours:
        assert not re.search(
            r"\.(inner|outer)HTML\s*=|insertAdjacentHTML|dangerouslySetInnerHTML|\beval\(",
            path.read_text("utf-8"),
        ), path


@pytest.mark.parametrize(
    "name", ["X-Forwarded-For", "Forwarded", "Via", "X-Real-IP", "X-Forwarded-Host"]
)
def test_open_pages_are_closed_to_what_came_through_a_proxy(
    fake_redis: redis.Redis, name: str
) -> None:
    browser = _client(fake_redis, pages_open=True)

    assert browser.get("/session", headers={name: "127.0.0.1"}).status_code == 401
    # Nor with the cookie of one that did not.
    assert browser.get("/session").status_code == 200
    assert browser.get("/api/ActiveAiModels").status_code == 200
    assert browser.get("/api/ActiveAiModels", headers={name: "127.0.0.1"}).status_code == 401


def test_session_without_sign_in_costs_redis_nothing(fake_redis: redis.Redis) -> None:
    browser = _client(fake_redis, pages_open=True)

    for _ in range(3):
        browser.delete_cookie(COOKIE)
        told = browser.get("/session")

    assert told.json["owner"] == "bootstrap"
    assert fake_redis.dbsize() == 0
    body = {"request": {"model": "m", "messages": [{"role": "user", "content": "x"}]}}
    refused = browser.post("/api/QueueOpenAiChatCompletion", json=body)
    assert refused.json["error"]["code"] == "csrf_failed"
    token = {"x-csrf-token": told.json["csrfToken"]}
    assert (
        browser.post("/api/QueueOpenAiChatCompletion", json=body, headers=token).status_code == 200
    )
    assert browser.delete("/session").status_code == 204


@pytest.mark.parametrize(
    "forge",
    [
        pytest.param(lambda token: f"{token}x", id="another signature"),
        pytest.param(lambda token: token.replace("open.1", "open.9"), id="a longer life"),
        pytest.param(lambda _: "open.9999999999.abcdefghijkl.", id="no signature"),
        pytest.param(lambda _: "open." + "x" * 60, id="no parts"),
    ],
)
def test_forged_open_session_is_none(fake_redis: redis.Redis, forge: Any) -> None:
    browser = _client(fake_redis, pages_open=True)
    browser.get("/session")
    token = browser.get_cookie(COOKIE).value

    browser.set_cookie(COOKIE, forge(token))

    assert browser.get("/api/ActiveAiModels").status_code == 401


def test_open_session_counts_only_while_the_pages_are_open(fake_redis: redis.Redis) -> None:
    browser = _client(fake_redis, pages_open=True)
    browser.get("/session")
    closed = _client(fake_redis)
    closed.set_cookie(COOKIE, browser.get_cookie(COOKIE).value)

    assert closed.get("/api/ActiveAiModels").status_code == 401


def test_sign_in_of_kilobytes_is_refused(browser: FlaskClient) -> None:
    refused = browser.post("/session", json={"key": API_KEY, "more": "x" * 5000})

    assert refused.status_code == 413
    assert refused.json["error"]["code"] == "body_too_large"
