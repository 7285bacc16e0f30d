"""What the gateway leaves out of Flask is not missed: it does the same as Flask does."""

from __future__ import annotations

import inspect
from collections import Counter
from inspect import iscoroutinefunction
from io import BytesIO
from typing import Any

import flask.signals
import pytest
import redis
from flask import Flask, Response, request
from flask.ctx import AppContext
from flask.globals import _cv_app
from werkzeug.exceptions import ClientDisconnected, RequestEntityTooLarge
from werkzeug.test import EnvironBuilder

from gateway.http.flask_app import App, KnownRoute, known_routes
from gateway.http.request import IncomingRequest, incoming
from gateway.http.response import JsonResponse
from gateway.server.body import CrowdedOut
from shared.errors import TooManyWaiting
from tests.support.factories import new_settings
from tests.support.gateway_client import build


@pytest.fixture
def app(fake_redis: redis.Redis) -> Flask:
    return build(fake_redis, new_settings()).client.application


def test_known_routes_are_those_that_werkzeug_finds(app: Flask) -> None:
    adapter, known = app.url_map.bind("x"), known_routes(app.url_map)
    assert ("POST", "/v1/chat/completions") in known
    assert ("POST", "/api/QueueOpenAiChatCompletion") in known
    for (method, path), route in known.items():
        assert adapter.match(path, method, return_rule=True) == route.match(return_rule=True)


def test_route_with_variables_is_not_among_the_known() -> None:
    app = App("x")
    app.add_url_rule("/a/<name>", "named", view_func=lambda name: name)
    app.add_url_rule("/a/fixed", "fixed", view_func=lambda: "fixed")
    assert list(known_routes(app.url_map)) == [("GET", "/a/fixed")]
    with app.test_client() as client:
        assert client.get("/a/fixed").text == "fixed"
        assert client.get("/a/other").text == "other"
        assert client.post("/a/fixed").status_code == 405
        assert client.options("/a/fixed").status_code == 200


def test_nothing_needs_what_is_left_out(app: Flask) -> None:
    assert not any(iscoroutinefunction(view) for view in app.view_functions.values())
    hooks = (app.before_request_funcs, app.after_request_funcs)
    assert not any(iscoroutinefunction(f) for of in hooks for row in of.values() for f in row)
    signals = ("request_started", "request_finished", "got_request_exception")
    assert not any(getattr(flask.signals, name).receivers for name in signals)


def test_function_that_is_to_run_after_a_request_runs() -> None:
    app, ran = App("x"), []
    app.add_url_rule("/", view_func=lambda: "x")
    app.teardown_request(lambda _: ran.append("request"))
    app.teardown_appcontext(lambda _: ran.append("context"))
    app.test_client().get("/")
    assert ran == ["request", "context"]


def test_error_in_a_function_after_a_request_is_an_answer() -> None:
    app = App("x")
    app.add_url_rule("/", view_func=lambda: "x")

    @app.after_request
    def fail(_: Response) -> Response:
        raise ValueError

    assert app.test_client().get("/").status_code == 500


def test_requests_do_not_share_what_was_found_out() -> None:
    app = App("x")
    app.add_url_rule("/", view_func=lambda: incoming().request_id)
    client = app.test_client()
    assert client.get("/", headers={"X-Request-Id": "mine"}).text == "mine"
    first, second = client.get("/").text, client.get("/").text
    assert first.startswith("req_")
    assert first != second


@pytest.mark.parametrize("status", [200, 201, 204, 404, 429, 499, 503])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("body", ["{}", b'{"a":"\xc3\xbc"}', '{"a":"ü"}'])
def test_json_response_is_flasks_response(status: int, method: str, body: bytes | str) -> None:
    environ = EnvironBuilder(method=method).get_environ()
    said: list[Any] = []
    for response in (
        JsonResponse(body, status),
        Response(body, status=status, mimetype="application/json"),
    ):
        response.headers["x-more"] = "1"
        pieces = response(environ, lambda *head: said.append(head))  # type: ignore[arg-type,return-value]
        said.append(b"".join(pieces))
    ours, our_body, theirs, their_body = said
    assert (ours[0], sorted(ours[1]), our_body) == (theirs[0], sorted(theirs[1]), their_body)


def test_json_response_that_is_changed_says_what_it_was_changed_to() -> None:
    response = JsonResponse("{}")
    response.set_data(b'{"a":1}')
    closed: list[bool] = []
    assert b"".join(response(EnvironBuilder().get_environ(), lambda *_: None)) == b'{"a":1}'  # type: ignore[arg-type,return-value]
    assert response.headers["Content-Length"] == "7"
    response.call_on_close(lambda: closed.append(True))
    iterable: Any = response(EnvironBuilder().get_environ(), lambda *_: None)  # type: ignore[arg-type,return-value]
    iterable.close()
    assert closed == [True]


def asked(body: bytes, length: str | None, limit: int | None = 10) -> IncomingRequest:
    environ = {**EnvironBuilder(method="POST").get_environ(), "wsgi.input": BytesIO(body)}
    environ.pop("CONTENT_LENGTH", None)
    environ["wsgi.input_terminated"] = True
    if length is not None:
        environ["CONTENT_LENGTH"] = length
    request = IncomingRequest(environ)
    request.max_content_length = limit
    return request


@pytest.mark.parametrize("length", ["10", None], ids=["with its length", "in chunks"])
def test_body_is_read_once_up_to_its_limit(length: str | None) -> None:
    request = asked(b"0123456789"[: 10 if length else 9], length)
    assert request.body == request.body == request.get_data() == b"0123456789"[: len(request.body)]
    assert len(request.body) in (9, 10)


@pytest.mark.parametrize("length", ["11", None], ids=["with its length", "in chunks"])
def test_body_beyond_its_limit_is_refused(length: str | None) -> None:
    with pytest.raises(RequestEntityTooLarge):
        _ = asked(b"0123456789+", length).body


def test_body_that_breaks_off_is_refused() -> None:
    with pytest.raises(ClientDisconnected):
        _ = asked(b"012", "5").body


def test_form_is_read_after_its_bytes_were() -> None:
    app = App("x")

    @app.post("/")
    def show() -> str:
        assert incoming().body == b"a=1&b=2"
        return request.form["b"]

    assert app.test_client().post("/", data={"a": "1", "b": "2"}).text == "2"


def test_headers_are_found_in_any_casing() -> None:
    environ = EnvironBuilder(
        headers={"X-One": "1"}, method="POST", data=b"{}", content_type="text/x; q=1"
    ).get_environ()
    headers = IncomingRequest(environ).headers
    assert headers.get("x-one") == headers["X-ONE"] == "1"
    assert headers.get("content-TYPE") == "text/x; q=1"
    assert headers.get("x-two") is None
    assert headers.get("x-two", "none") == "none"
    assert headers.get("X-One", type=int) == 1
    assert IncomingRequest(environ).mimetype == "text/x"


def test_known_route_has_no_variables() -> None:
    app = App("x")
    app.add_url_rule("/", view_func=lambda: "x")
    rule = next(iter(app.url_map.iter_rules()))
    assert KnownRoute(rule).match(return_rule=True) == (rule, {})


def _takes_context(method: Any) -> bool:
    second = list(inspect.signature(method).parameters.values())[1:2]
    return any(str(one.annotation).rpartition(".")[2] == "AppContext" for one in second)


def test_app_works_where_flask_hands_a_context_to_its_methods() -> None:
    """Flask 3.2, of which there is no release: each of these is called with one, and wants one."""
    names = (
        *("full_dispatch_request", "preprocess_request", "dispatch_request", "process_response"),
        *("handle_user_exception", "do_teardown_request", "do_teardown_appcontext"),
    )
    ours = [name for name in names if name in vars(App)]
    # Else it takes them for overrides of the old form, and calls ours without.
    assert all(_takes_context(getattr(App, name)) for name in ours)

    handed = Counter[str]()

    class Next(App):
        """Begins with a context, as the library does."""

        def wsgi_app(self, environ: Any, start_response: Any) -> Any:
            with self.request_context(environ):
                response = self.full_dispatch_request(_cv_app.get())
                return response(environ, start_response)

    def wants_context(name: str) -> Any:
        old = getattr(Flask, name)

        def method(self: Flask, ctx: AppContext, *args: Any) -> Any:
            assert isinstance(ctx, AppContext)
            handed[name] += 1
            return old(self, *args)

        return method

    app = Next("x")
    app.add_url_rule("/", "works", view_func=lambda: "x")
    app.add_url_rule("/fails", "fails", view_func=lambda: {}["key"])
    app.before_request(lambda: None)
    app.register_error_handler(KeyError, lambda _: ("failed", 418))
    wanting = names[1:5]
    with pytest.MonkeyPatch.context() as patch:
        for name in wanting:
            patch.setattr(Flask, name, wants_context(name))
        client = app.test_client()
        assert client.get("/").text == "x"
        assert client.get("/fails").status_code == 418
    assert handed.keys() == set(wanting)


@pytest.mark.parametrize("length", ["10", None])
def test_body_that_had_to_make_room_is_to_come_again(length: str | None) -> None:
    class Crowded(BytesIO):
        def read(self, _size: int | None = -1) -> bytes:
            raise CrowdedOut

    request = asked(b"", length)
    request.environ["wsgi.input"] = Crowded()
    with pytest.raises(TooManyWaiting) as refused:
        _ = request.body
    assert refused.value.retry_after_s == 1
