"""The Flask app; `python -m gateway` serves it."""

from __future__ import annotations

import sys
from typing import Final

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import (
    audit,
    callback_keys,
    callback_subscriptions,
    callback_tests,
    chat,
    completions,
    conversations,
    cors,
    deliveries,
    embeddings,
    error_body,
    health,
    jobs,
    keys,
    models,
    ollama,
    overview,
    pages,
    provider_changes,
    provider_trial,
    providers,
    query_jobs,
    responses,
    results,
    retry_jobs,
    sign_in,
    statistics,
    streams,
    workers,
)
from gateway.admin import metrics
from gateway.flask_app import App
from gateway.limit_headers import add_limit_headers
from gateway.openai_headers import add_openai_headers
from gateway.request_id import request_id
from gateway.self_check import keep_checking
from gateway.services import Services, attach, build_services
from shared.settings import SettingsError, load_settings

#: The modules with views, each with its blueprint.
_RESOURCES: Final = (
    *(chat, completions, embeddings, responses, ollama),
    *(jobs, query_jobs, retry_jobs, statistics, streams, models, results),
    *(deliveries, callback_keys, callback_subscriptions, callback_tests),
    *(providers, provider_changes, provider_trial, workers),
    *(keys, audit, overview, health, metrics),
    *(pages, sign_in, conversations),
)


def create_app(services: Services | None = None) -> Flask:
    """Return the app; without services, with those that the environment's settings say."""
    if services is None:
        try:
            services = build_services(load_settings())
        except SettingsError as exc:
            sys.exit(f"replyto: {exc}")
        services.key_keeper.start(services.keys.take_uses)
        keep_checking(services)
    app = App("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = services.settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = services.settings.max_body_bytes
    attach(app, services)
    if proxies := services.settings.trusted_proxies:
        # Each proxy adds an address; of the scheme there is but one, the nearest proxy's word.
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=proxies, x_proto=1)  # type: ignore[method-assign]
    error_body.register(app)
    for module in _RESOURCES:
        app.register_blueprint(module.blueprint)
    app.after_request(_name_request)
    app.after_request(add_limit_headers)
    app.after_request(add_openai_headers)
    if services.settings.cors_origins:
        cors.register(app, services.settings.cors_origins)
    return app


def _name_request(response: Response) -> ResponseReturnValue:
    """Give every answer the id of its request."""
    response.headers.add("x-request-id", request_id())
    return response
