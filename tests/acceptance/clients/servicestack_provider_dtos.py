"""The admin's DTOs of a ServiceStack client, written by hand as its developer would."""

# ServiceStack's reflection reads the annotations at run time, and knows this form of them only.
# ruff: noqa: UP006, UP035, UP045

from dataclasses import dataclass
from typing import Dict, List, Optional

from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import IDelete, IGet, IPatch, IPost, IReturn, ResponseStatus

from tests.acceptance.clients.servicestack_dtos import ChatResponse

_wire = dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)


@_wire
@dataclass
class AiProviderModel:
    model: Optional[str] = None
    api_model: Optional[str] = None


@_wire
@dataclass
class AiProvider:
    id: int = 0
    name: Optional[str] = None
    api_base_url: Optional[str] = None
    has_api_key: bool = False
    concurrency: int = 0
    priority: int = 0
    enabled: bool = False
    status: Optional[str] = None
    offline_date: Optional[str] = None
    offline_reason: Optional[str] = None
    models: Optional[List[AiProviderModel]] = None


@_wire
@dataclass
class IdResponse:
    id: Optional[str] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class EmptyResponse:
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class StringResponse:
    result: Optional[str] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class BoolResponse:
    result: bool = False
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class CreateAiProvider(IReturn[IdResponse], IPost):
    name: Optional[str] = None
    ai_type_id: Optional[str] = None
    api_base_url: Optional[str] = None
    api_key: Optional[str] = None
    models: Optional[List[AiProviderModel]] = None
    selected_models: Optional[List[str]] = None


@_wire
@dataclass
class UpdateAiProvider(IReturn[IdResponse], IPatch):
    id: Optional[int] = None
    enabled: Optional[bool] = None


@_wire
@dataclass
class DeleteAiProvider(IReturn[EmptyResponse], IDelete):
    id: Optional[int] = None
    name: Optional[str] = None


@_wire
@dataclass
class ProvidersResponse:
    offset: int = 0
    total: int = 0
    results: Optional[List[AiProvider]] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class QueryAiProviders(IReturn[ProvidersResponse], IGet):
    name: Optional[str] = None
    take: Optional[int] = None
    order_by_desc: Optional[str] = None


@_wire
@dataclass
class GetActiveProviders(IReturn[ProvidersResponse], IGet):
    pass


@_wire
@dataclass
class Named:
    id: Optional[str] = None


@_wire
@dataclass
class NamesResponse:
    results: Optional[List[Named]] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class QueryAiModels(IReturn[NamesResponse], IGet):
    pass


@_wire
@dataclass
class QueryAiTypes(IReturn[NamesResponse], IGet):
    pass


@_wire
@dataclass
class ChatAiProvider(IReturn[ChatResponse], IPost):
    provider: Optional[str] = None
    model: Optional[str] = None
    prompt: Optional[str] = None


@_wire
@dataclass
class ChangeAiProviderStatus(IReturn[StringResponse], IPost):
    provider: Optional[str] = None
    online: bool = False


@_wire
@dataclass
class CheckAiProviderStatus(IReturn[BoolResponse], IPost):
    provider: Optional[str] = None


@_wire
@dataclass
class WorkerStats:
    name: Optional[str] = None
    queued: int = 0
    received: int = 0
    completed: int = 0
    retries: int = 0
    failed: int = 0
    running_job: Optional[int] = None
    running_time: Optional[str] = None
    queues: Optional[List[str]] = None


@_wire
@dataclass
class WorkerStatsResponse:
    results: Optional[List[WorkerStats]] = None
    queue_counts: Optional[Dict[str, int]] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class GetWorkerStats(IReturn[WorkerStatsResponse], IGet):
    pass


@_wire
@dataclass
class CancelWorker(IReturn[StringResponse], IPost):
    worker: Optional[str] = None


@_wire
@dataclass
class Reload(IReturn[EmptyResponse], IPost):
    pass
