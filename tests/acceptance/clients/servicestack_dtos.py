"""The DTOs of an application that calls ReplyTo, written by hand as its developer would."""

# ServiceStack's reflection reads the annotations at run time, and knows this form of them only.
# ruff: noqa: UP006, UP035, UP045

from dataclasses import dataclass
from typing import List, Optional

from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import BackgroundJobBase, BackgroundJobState, IGet, IPost, IReturn, ResponseStatus

_wire = dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)


@_wire
@dataclass
class Message:
    role: Optional[str] = None
    content: Optional[str] = None


@_wire
@dataclass
class Choice:
    index: int = 0
    finish_reason: Optional[str] = None
    message: Optional[Message] = None


@_wire
@dataclass
class Usage:
    prompt_tokens: int = 0
    completion_tokens: int = 0
    total_tokens: int = 0


@_wire
@dataclass
class ChatResponse:
    id: Optional[str] = None
    created: int = 0
    model: Optional[str] = None
    choices: Optional[List[Choice]] = None
    usage: Optional[Usage] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class ChatRequest:
    model: Optional[str] = None
    messages: Optional[List[Message]] = None
    temperature: Optional[float] = None
    max_tokens: Optional[int] = None
    top_log_probs: Optional[int] = None


@_wire
@dataclass
class OpenAiChatCompletion(IReturn[ChatResponse], IPost):
    model: Optional[str] = None
    messages: Optional[List[Message]] = None
    max_tokens: Optional[int] = None
    ref_id: Optional[str] = None
    provider: Optional[str] = None
    tag: Optional[str] = None


@_wire
@dataclass
class QueueResponse:
    id: int = 0
    ref_id: Optional[str] = None
    status_url: Optional[str] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class QueueOpenAiChatCompletion(IReturn[QueueResponse], IPost):
    request: Optional[ChatRequest] = None
    ref_id: Optional[str] = None
    provider: Optional[str] = None
    reply_to: Optional[str] = None
    tag: Optional[str] = None


@_wire
@dataclass
class StatusResponse:
    job_id: int = 0
    ref_id: Optional[str] = None
    job_state: Optional[BackgroundJobState] = None
    status: Optional[str] = None
    response_status: Optional[ResponseStatus] = None
    result: Optional[ChatResponse] = None


@_wire
@dataclass
class GetOpenAiChatStatus(IReturn[StatusResponse], IGet):
    job_id: int = 0
    ref_id: Optional[str] = None


@_wire
@dataclass
class JobResponse:
    result: Optional[BackgroundJobBase] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class GetOpenAiChat(IReturn[JobResponse], IGet):
    id: Optional[int] = None
    ref_id: Optional[str] = None


@_wire
@dataclass
class WaitForOpenAiChat(IReturn[JobResponse], IGet):
    id: Optional[int] = None
    ref_id: Optional[str] = None


@_wire
@dataclass
class CancelResponse:
    id: int = 0
    ref_id: Optional[str] = None
    job_state: Optional[BackgroundJobState] = None
    status: Optional[str] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class CancelJob(IReturn[CancelResponse], IPost):
    id: Optional[int] = None
    ref_id: Optional[str] = None


@_wire
@dataclass
class ModelsResponse:
    results: Optional[List[str]] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class ActiveAiModels(IReturn[ModelsResponse], IGet):
    provider: Optional[str] = None
    vision: Optional[bool] = None
