"""DTOs about Ollama of an application that calls ReplyTo, as its developer would write them."""

# ServiceStack's reflection reads the annotations at run time, and knows this form of them only.
# ruff: noqa: UP006, UP035, UP045

from dataclasses import dataclass
from typing import Dict, List, Optional

from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import BackgroundJobState, IGet, IPost, IReturn

from tests.acceptance.clients.servicestack_dtos import QueueResponse

_wire = dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)
_as_written = dataclass_json(undefined=Undefined.EXCLUDE)


@_as_written
@dataclass
class GenerationResponse:
    model: Optional[str] = None
    created_at: Optional[str] = None
    response: Optional[str] = None
    done: Optional[bool] = None
    done_reason: Optional[str] = None
    total_duration: Optional[int] = None


@_wire
@dataclass
class OllamaGenerate:
    model: Optional[str] = None
    prompt: Optional[str] = None
    options: Optional[Dict[str, int]] = None


@_wire
@dataclass
class OllamaGeneration(IReturn[GenerationResponse], IPost):
    model: Optional[str] = None
    prompt: Optional[str] = None
    keep_alive: Optional[str] = None
    ref_id: Optional[str] = None
    tag: Optional[str] = None


@_wire
@dataclass
class QueueOllamaGeneration(IReturn[QueueResponse], IPost):
    request: Optional[OllamaGenerate] = None
    ref_id: Optional[str] = None
    reply_to: Optional[str] = None


@_wire
@dataclass
class GenerationStatus:
    job_id: int = 0
    ref_id: Optional[str] = None
    job_state: Optional[BackgroundJobState] = None
    result: Optional[GenerationResponse] = None


@_wire
@dataclass
class GetOllamaGenerationStatus(IReturn[GenerationStatus], IGet):
    job_id: int = 0
    ref_id: Optional[str] = None


@_wire
@dataclass
class ModelsResponse:
    results: Optional[List[Dict[str, str]]] = None


@_wire
@dataclass
class GetOllamaModels(IReturn[ModelsResponse], IGet):
    provider: Optional[str] = None
