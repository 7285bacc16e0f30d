"""The Flask app; `python -m gateway` serves it."""

from __future__ import annotations

import secrets
import sys

from flask import Flask, Response, request
from flask.typing import ResponseReturnValue

from gateway import (
    callback_keys,
    callback_subscriptions,
    callback_tests,
    chat,
    completions,
    cors,
    deliveries,
    embeddings,
    error_body,
    health,
    jobs,
    models,
    ollama,
    openai_headers,
    provider_trial,
    providers,
    query_jobs,
    responses,
    results,
    retry_jobs,
    statistics,
    streams,
    workers,
)
from gateway.services import Services, attach, build_services
from shared.settings import SettingsError, load_settings


def create_app(services: Services | None = None) -> Flask:
    """Return the app; without services, with those that the environment's settings say."""
    if services is None:
        try:
            services = build_services(load_settings())
        except SettingsError as exc:
            sys.exit(f"replyto: {exc}")
    app = Flask("gateway", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = services.settings.max_body_bytes
    app.config["MAX_FORM_MEMORY_SIZE"] = services.settings.max_body_bytes
    attach(app, services)
    error_body.register(app)
    for module in (
        chat,
        completions,
        embeddings,
        responses,
        ollama,
        jobs,
        query_jobs,
        retry_jobs,
        statistics,
        deliveries,
        callback_keys,
        callback_subscriptions,
        callback_tests,
        streams,
        models,
        providers,
        provider_trial,
        workers,
        results,
        health,
    ):
        app.register_blueprint(module.blueprint)
    app.after_request(_name_request)
    openai_headers.register(app)
    if services.settings.cors_origins:
        cors.register(app, services.settings.cors_origins)
    return app


def _name_request(response: Response) -> ResponseReturnValue:
    """Give every answer the id that the client sent, or one of its own."""
    sent = request.headers.get("x-request-id", "")
    response.headers["x-request-id"] = sent if _is_tidy(sent) else f"req_{secrets.token_hex(16)}"
    return response


def _is_tidy(name: str) -> bool:
    return 0 < len(name) <= 128 and name.isascii() and name.isprintable()  # noqa: PLR2004
