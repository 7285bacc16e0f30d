"""The DTOs of an application of AI Server's that makes pictures and listens to recordings."""

# ServiceStack's reflection reads the annotations at run time, and knows this form of them only.
# ruff: noqa: UP006, UP035, UP045

import datetime
from dataclasses import dataclass
from typing import List, Optional

from dataclasses_json import LetterCase, Undefined, dataclass_json
from servicestack import IGet, IPost, IReturn, ResponseStatus

_wire = dataclass_json(letter_case=LetterCase.CAMEL, undefined=Undefined.EXCLUDE)


@_wire
@dataclass
class ArtifactOutput:
    url: Optional[str] = None
    file_name: Optional[str] = None
    provider: Optional[str] = None


@_wire
@dataclass
class TextOutput:
    text: Optional[str] = None


@_wire
@dataclass
class ArtifactGenerationResponse:
    results: Optional[List[ArtifactOutput]] = None
    duration: Optional[datetime.timedelta] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class TextGenerationResponse:
    results: Optional[List[TextOutput]] = None
    duration: Optional[datetime.timedelta] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class QueueGenerationResponse:
    job_id: int = 0
    ref_id: Optional[str] = None
    job_state: Optional[str] = None
    status: Optional[str] = None
    status_url: Optional[str] = None


@_wire
@dataclass
class StatusResponse:
    job_id: int = 0
    ref_id: Optional[str] = None
    job_state: Optional[str] = None
    results: Optional[List[ArtifactOutput]] = None
    response_status: Optional[ResponseStatus] = None


@_wire
@dataclass
class TextToImage(IReturn[ArtifactGenerationResponse], IPost):
    model: Optional[str] = None
    positive_prompt: Optional[str] = None
    negative_prompt: Optional[str] = None
    width: Optional[int] = None
    height: Optional[int] = None
    batch_size: Optional[int] = None
    seed: Optional[int] = None
    ref_id: Optional[str] = None
    tag: Optional[str] = None


@_wire
@dataclass
class QueueImageToImage(IReturn[QueueGenerationResponse], IPost):
    positive_prompt: Optional[str] = None
    denoise: Optional[float] = None
    ref_id: Optional[str] = None
    reply_to: Optional[str] = None
    state: Optional[str] = None


@_wire
@dataclass
class TextToSpeech(IReturn[ArtifactGenerationResponse], IPost):
    input: Optional[str] = None
    model: Optional[str] = None


@_wire
@dataclass
class SpeechToText(IReturn[TextGenerationResponse], IPost):
    audio: Optional[bytes] = None
    tag: Optional[str] = None


@_wire
@dataclass
class GetArtifactGenerationStatus(IReturn[StatusResponse], IGet):
    job_id: Optional[int] = None
    ref_id: Optional[str] = None
