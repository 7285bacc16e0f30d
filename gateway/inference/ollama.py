"""Ollama's own generation, in AI Server's DTOs and at Ollama's own path; and its list of models."""

from __future__ import annotations

from functools import partial
from typing import Final

from flask import Blueprint, Response

from gateway.http.binding import read_call
from gateway.http.routes import Call, route
from gateway.inference.answer import answer
from gateway.inference.enqueue import queue_job
from gateway.inference.ollama_models import list_models
from gateway.ollama.failures import in_ollamas_words
from gateway.waiting.event_form import OllamaLines
from shared.dtos import catalog
from shared.dtos.inference.ollama import GetOllamaModels, GetOllamaModelsResponse
from shared.dtos.jobs import QueueOpenAiChatResponse
from shared.wire.chat_request import ChatCall
from shared.wire.ollama_request import parse_generation, parse_queue_generation

blueprint = Blueprint("ollama", __name__)

_read_whole: Final = partial(read_call, partial(parse_generation, can_stream=False))
_read_lines: Final = partial(read_call, partial(parse_generation, can_stream=True))
_read_queued: Final = partial(read_call, parse_queue_generation)


@route(blueprint, catalog.GENERATE, read=_read_whole)
def complete(call: Call[ChatCall]) -> Response:
    """Generate, and answer with the whole."""
    return answer(call.services, call.principal, call.request)


@route(blueprint, catalog.OLLAMA_GENERATE, read=_read_lines)
def generate(call: Call[ChatCall]) -> Response:
    """Generate as Ollama does: line by line, unless the request says `"stream": false`."""
    told = answer(call.services, call.principal, call.request, lambda _: OllamaLines())
    return in_ollamas_words(told)


@route(blueprint, catalog.QUEUE_GENERATION, read=_read_queued)
def queue(call: Call[ChatCall]) -> QueueOpenAiChatResponse:
    """Accept a generation, and say where to ask for it."""
    return queue_job(call.services, call.principal, call.request, catalog.GENERATION_STATUS)


@route(blueprint, catalog.OLLAMA_MODELS)
def models(call: Call[GetOllamaModels]) -> GetOllamaModelsResponse:
    """List the models that the Ollama servers have, as these tell it."""
    found = list_models(call.services, call.principal, call.request.provider)
    return GetOllamaModelsResponse(results=found)
