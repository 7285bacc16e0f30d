"""Flask without what the gateway does not use: signals, sessions of its own, coroutines.

Its sessions are in Redis (`sessions.py`). Routes without variables, which all hot ones are, are
found in a dictionary. See docs/adr/0013-a-lean-hot-path.md.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Request, Response
from flask.ctx import AppContext
from flask.sessions import NullSession, SessionInterface
from flask.typing import ResponseReturnValue
from werkzeug.routing import IntegerConverter, Map, MapAdapter, Rule

from gateway.http.request import IncomingRequest

#: Methods of known routes; the others are answered by Werkzeug's own search.
_METHODS: Final = ("GET", "POST", "PUT", "PATCH", "DELETE")


class KnownRoute:
    """Stands for the search of a route that is known already."""

    def __init__(self, rule: Rule) -> None:
        self._found = (rule, dict[str, Any]())

    def match(self, *, return_rule: bool) -> tuple[Rule, dict[str, Any]]:
        """Return the route, and that it has no variables."""
        del return_rule
        return self._found


class _NoSessions(SessionInterface):
    """All requests have the one session in which nothing can be kept."""

    _none = NullSession()

    def open_session(self, app: Flask, request: Request) -> NullSession:
        del app, request
        return self._none


class _Number(IntegerConverter):
    """A number in a path: Werkzeug's own takes the digits of all scripts."""

    regex = "[0-9]{1,19}"


class App(Flask):
    """The gateway's application."""

    request_class = IncomingRequest
    session_interface = _NoSessions()

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # `//v1/models` is no path of ours; Werkzeug would send its client elsewhere, in HTML.
        self.url_map.merge_slashes = False
        self.url_map.converters["int"] = _Number
        self._known: dict[tuple[str, str], KnownRoute] = {}

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return the function: none here is a coroutine."""
        return func

    def create_url_adapter(self, request: Request | None) -> MapAdapter | None:
        """Return what finds the request's route."""
        if request is None:
            return super().create_url_adapter(request)
        if not self._known:
            self._known = known_routes(self.url_map)
        known = self._known.get((request.method, request.path))
        return known or super().create_url_adapter(request)  # type: ignore[return-value]

    # Flask 3.1 calls these without a context, 3.2 with one before all else; its own methods want it
    # back, and it looks at the annotation to tell old overrides from new ones.

    def full_dispatch_request(self, *ctx: AppContext) -> Response:
        """Answer the request; tell nobody beside."""
        app: Any = self
        self._got_first_request = True
        try:
            answer = app.preprocess_request(*ctx)
            if answer is None:
                answer = app.dispatch_request(*ctx)
        except Exception as error:
            answer = app.handle_user_exception(*ctx, error)
        response: Response = app.process_response(*ctx, app.make_response(answer))
        return response

    def preprocess_request(self, *ctx: AppContext) -> ResponseReturnValue | None:
        """Run what is to run before a request, if there is any such function."""
        if self.before_request_funcs or self.url_value_preprocessors:
            library: Any = super()
            answer: ResponseReturnValue | None = library.preprocess_request(*ctx)
            return answer
        return None

    def do_teardown_request(self, *ctx: AppContext, **named: Any) -> None:  # type: ignore[override]
        """Run what is to run after a request, if there is any such function."""
        if self.teardown_request_funcs:
            library: Any = super()
            library.do_teardown_request(*ctx, **named)

    def do_teardown_appcontext(self, *ctx: AppContext, **named: Any) -> None:  # type: ignore[override]
        """Run what is to run after it, if there is any such function."""
        if self.teardown_appcontext_funcs:
            library: Any = super()
            library.do_teardown_appcontext(*ctx, **named)


def known_routes(url_map: Map) -> dict[tuple[str, str], KnownRoute]:
    """Return the routes without variables, by method and path."""
    found: dict[tuple[str, str], KnownRoute] = {}
    for rule in url_map.iter_rules():
        if not rule.arguments:
            route = KnownRoute(rule)
            for method in rule.methods or ():
                if method in _METHODS:
                    found.setdefault((method, rule.rule), route)
    return found
