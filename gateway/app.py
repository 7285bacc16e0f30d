"""The Flask app; `python -m gateway` serves it."""

from __future__ import annotations

import sys
from typing import Final

from flask import Flask, Response
from flask.typing import ResponseReturnValue
from werkzeug.middleware.proxy_fix import ProxyFix

from gateway import errors as error_body
from gateway import health
from gateway.admin import api_keys as keys
from gateway.admin import audit, metrics, overview, own_key, workers
from gateway.ai_server import views as ai_server
from gateway.answer_headers import add_limit_headers
from gateway.batch import views as batch
from gateway.batches import listing as batch_rows
from gateway.batches import views as batches
from gateway.callbacks import deliveries
from gateway.callbacks import samples as callback_tests
from gateway.callbacks import signing_keys as callback_keys
from gateway.callbacks import subscriptions as callback_subscriptions
from gateway.counting import count_answers, keep_writing
from gateway.files import artifacts as file_links
from gateway.files import locations
from gateway.files import survey as file_survey
from gateway.files import uploads as file_uploads
from gateway.files import views as files
from gateway.groups import views as groups
from gateway.http import cors
from gateway.http.flask_app import App
from gateway.inference import chat, completions, embeddings, models, ollama
from gateway.jobs import listing as query_jobs
from gateway.jobs import results, statistics, streams
from gateway.jobs import retries as retry_jobs
from gateway.jobs import views as jobs
from gateway.media import created as media_created
from gateway.media import generations as media_generations
from gateway.media import listings as media_listings
from gateway.media import openai as media_openai
from gateway.media import providers as media_providers
from gateway.media import transforms as media_transforms
from gateway.ollama import views as ollama_api
from gateway.openai_headers import add_openai_headers
from gateway.openapi import views as openapi
from gateway.pages import conversations, sign_in
from gateway.pages import views as pages
from gateway.providers import changes as provider_changes
from gateway.providers import testing as provider_testing
from gateway.providers import views as providers
from gateway.request_id import request_id
from gateway.responses import views as responses
from gateway.schedules import views as schedules
from gateway.self_check import keep_checking
from gateway.services import Services, attach, build_services
from gateway.typed import views as typed
from shared.settings import SettingsError, load_settings

#: The modules with views, each with its blueprint.
_RESOURCES: Final = (
    *(chat, completions, embeddings, responses, ollama, ollama_api, batch),
    *(media_openai, media_generations, media_transforms, media_listings),
    *(media_created, media_providers),
    *(jobs, query_jobs, retry_jobs, statistics, streams, models, results),
    *(deliveries, callback_keys, callback_subscriptions, callback_tests),
    *(providers, provider_changes, provider_testing, workers),
    *(batches, batch_rows, schedules, groups),
    *(files, file_uploads, file_links, locations, file_survey),
    *(keys, own_key, audit, overview, health, metrics, ai_server, openapi),
    *(typed, pages, sign_in, conversations),
)


def create_app(services: Services | None = None) -> Flask:
    """Return the app; without services, with those that the environment's settings say."""
    if services is None:
        try:
            services = build_services(load_settings())
        except SettingsError as exc:
            sys.exit(f"replyto: {exc}")
        services.auth.key_keeper.start(services.auth.keys.take_uses)
        keep_checking(services)
        keep_writing(services)
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
    count_answers(app)
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
