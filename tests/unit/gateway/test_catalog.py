"""The catalog and the app tell the same: every route is an endpoint of it, and each is routed."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from pathlib import Path
from typing import Any

import pytest
import redis
from flask import Blueprint
from werkzeug.routing import Rule

import shared.dtos
from gateway import errors as error_body
from gateway.http.flask_app import App
from gateway.http.routes import flask_name, route
from gateway.services import attach
from shared.api_keys.scopes import Scope
from shared.dtos import catalog
from shared.dtos.catalog import CATALOG
from shared.dtos.conversations import Done
from shared.dtos.endpoint import Form
from tests.support.foreign.jobs import new_gateway
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway

#: Signs in, tells health, proves itself by a signature, or is the same for everybody.
OPEN = {
    *("ListTypes", "GetTypes", "TypesMetadata", "AppMetadata", "MetadataPage"),
    *("GetSession", "SignIn", "SignOut", "GetResult", "GetWebhookKeys"),
    *("Home", "ChatPage", "AdminPage", "MediaPage", "GetStaticFile", "Up", "Alive", "Ready"),
    *("Hello", "GetModelImage", "OllamaVersion"),
    *("GetOpenApi", "GetOpenApiYaml", "ListSchemas", "GetSchema", "DocsPage"),
    # Its requests need the scope of their DTO.
    "AutoBatch",
}
#: They change nothing that lasts.
TRIALS = {
    "ChatAiProvider",
    "CheckAiProviderStatus",
    "CheckMediaProviderStatus",
    "ListAiProviderModels",
}
ROOT = Path(__file__).parents[3]


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


def _calls(methods: Any, path: str) -> set[tuple[str, str]]:
    return {(method, path) for method in set(methods) - {"HEAD", "OPTIONS"}}


def _declared() -> set[tuple[str, str]]:
    return {call for one in CATALOG for path in one.paths for call in _calls(one.methods, path)}


def test_routes_are_those_of_the_catalog(gateway: Gateway) -> None:
    rules: list[Rule] = list(gateway.client.application.url_map.iter_rules())
    routed = {call for rule in rules for call in _calls(rule.methods, rule.rule)}
    assert routed == _declared()


def test_no_two_endpoints_share_a_name_or_a_call() -> None:
    assert len({one.name for one in CATALOG}) == len(CATALOG)
    calls = [call for one in CATALOG for path in one.paths for call in _calls(one.methods, path)]
    assert len(calls) == len(set(calls))


def test_every_endpoint_that_needs_no_key_is_known() -> None:
    assert {one.name for one in CATALOG if not one.scopes} == OPEN


def test_scopes_are_those_of_the_docs() -> None:
    table = re.findall(r"^\| `([a-z:]+)` \|", (ROOT / "docs/keys.md").read_text(), re.MULTILINE)
    used = {str(scope) for one in CATALOG for scope in one.scopes}
    assert used <= set(table)
    assert used == {str(scope) for scope in Scope}


def test_actions_of_admins_are_audited_and_nothing_else_is() -> None:
    changing = {Scope.ADMIN, Scope.ADMIN_KEYS, Scope.ADMIN_PROVIDERS}
    for one in CATALOG:
        acts = bool(changing & set(one.scopes)) and one.name not in TRIALS
        assert one.audited == acts, one.name


def test_every_endpoint_says_what_it_is() -> None:
    for one in CATALOG:
        assert one.summary.endswith("."), one.name
        # A provider's bytes have a class, unless they are the result of any operation.
        if one.form is not Form.UNTOUCHED:
            assert (one.response is not None) == (one.form is Form.DTO), one.name


def test_every_request_and_response_is_an_endpoints() -> None:
    told = {one.request.__name__ for one in CATALOG}
    told |= {one.response.__name__ for one in CATALOG if one.response}
    known = {
        name
        for module in pkgutil.iter_modules(shared.dtos.__path__)
        for name in vars(importlib.import_module(f"shared.dtos.{module.name}"))
        if re.fullmatch(r"(Get|Query|Create|Update|Delete|Save|Queue|Retry|Cancel)\w+", name)
    }
    assert known - told == {"QueueOpenAiChatResponse"} - told


def test_view_answers_with_what_its_endpoint_says(gateway: Gateway) -> None:
    wrong = []
    for one in CATALOG:
        told = gateway.client.application.view_functions
        view = next(f for name, f in told.items() if name.endswith(f".{flask_name(one)}"))
        gives = inspect.unwrap(view).__annotations__["return"].rsplit(".", 1)[-1]
        if gives not in {"Response", "AnyResponse", one.response and one.response.__name__}:
            wrong.append(f"{one.name}: {gives}")
    assert wrong == []


def test_key_without_an_endpoints_scope_is_refused(gateway: Gateway) -> None:
    app = App("x")
    attach(app, gateway.services)
    error_body.register(app)
    blueprint = Blueprint("b", __name__)
    route(blueprint, catalog.OVERVIEW)(lambda call: Done())
    app.register_blueprint(blueprint)
    client = app.test_client()
    for key, status in ((API_KEY, 403), ("ak-wrong", 401), (ADMIN_SECRET, 200)):
        headers = {"Authorization": f"Bearer {key}"}
        assert client.get("/api/GetOverview", headers=headers).status_code == status
    # Who may not call is told so before the body is looked at.
    assert client.post("/api/GetOverview", data=b"{").status_code == 401
