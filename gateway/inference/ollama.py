"""Ollama's own generation, in AI Server's DTOs and at Ollama's own path; and its list of models."""

from __future__ import annotations

from functools import partial

from flask import Blueprint, Response, request

from gateway.http.binding import bind, read_call
from gateway.http.routes import dto_route
from gateway.inference.answer import answer
from gateway.inference.enqueue import queue_job
from gateway.inference.ollama_models import list_models
from gateway.jobs import views as jobs
from gateway.services import services
from gateway.waiting.event_form import OllamaLines
from shared.dtos.ollama import GetOllamaModels, GetOllamaModelsResponse
from shared.wire.ollama_request import parse_generation, parse_queue_generation

blueprint = Blueprint("ollama", __name__)


@dto_route(blueprint, "OllamaGeneration", "POST")
def complete() -> Response:
    """Generate, and answer with the whole."""
    gateway, principal = services(), services().keys.authenticate(request)
    return answer(gateway, principal, read_call(partial(parse_generation, can_stream=False)))


@blueprint.post("/api/generate")
def generate() -> Response:
    """Generate as Ollama does: line by line, unless the request says `"stream": false`."""
    gateway, principal = services(), services().keys.authenticate(request)
    call = read_call(partial(parse_generation, can_stream=True))
    return answer(gateway, principal, call, lambda _: OllamaLines())


@dto_route(blueprint, "QueueOllamaGeneration", "POST")
def queue() -> Response:
    """Accept a generation, and say where to ask for it."""
    gateway, principal = services(), services().keys.authenticate(request)
    call = read_call(parse_queue_generation)
    return queue_job(gateway, principal, call, "GetOllamaGenerationStatus")


@dto_route(blueprint, "GetOllamaGenerationStatus", "GET")
def status() -> Response:
    """Say where a generation stands; with its result once there is one."""
    return jobs.status()


@dto_route(blueprint, "GetOllamaModels", "GET")
def models() -> Response:
    """List the models that the Ollama servers have, as these tell it."""
    gateway, principal = services(), services().keys.authenticate(request)
    wanted = bind(GetOllamaModels)
    found = list_models(gateway, principal, wanted.provider)
    return Response(GetOllamaModelsResponse(results=found).to_json(), mimetype="application/json")
