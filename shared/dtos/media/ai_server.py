"""DTOs of AI Server for pictures, speech and transcripts; files come as parts of a form.

https://docs.servicestack.net/ai-server/
"""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field, field_validator

from shared.dtos.base import Dto, ResponseStatus
from shared.dtos.bulk.queueing import Queued
from shared.dtos.fields import Text, empty_is_absent, zero_is_absent
from shared.dtos.jobs import ById, GetOpenAiChatStatus

#: Numbers: a client that was given none may send 0 or nothing.
Side = Annotated[Annotated[int, Field(ge=64, le=2048)] | None, BeforeValidator(zero_is_absent)]
Count = Annotated[Annotated[int, Field(ge=1, le=10)] | None, BeforeValidator(zero_is_absent)]
Seed = Annotated[Annotated[int, Field(ge=0)] | None, BeforeValidator(empty_is_absent)]
Share = Annotated[Annotated[float, Field(ge=0, le=1)] | None, BeforeValidator(empty_is_absent)]
Url = Annotated[Annotated[str, Field(max_length=2048)] | None, BeforeValidator(empty_is_absent)]
Words = Annotated[str | None, BeforeValidator(empty_is_absent)]

_FILE = "A file of the form; in JSON base64."


class _Generation(Dto):
    """What all of these take."""

    ref_id: Text = Field(None, description="Your name for the job.")
    tag: Text = Field(None, description="Anything you group by.")
    provider: Text = Field(None, description="This provider and no other.")


class _QueueGeneration(Queued, _Generation):
    """What all that are queued take."""

    reply_to: Url = Field(None, description="Where the result is posted.")
    state: Words = Field(None, description="Handed back with the result.")


class _Prompt(Dto):
    positive_prompt: str = Field(description="What the picture shows.")
    negative_prompt: Words = Field(None, description="What it does not.")

    @field_validator("positive_prompt")
    @classmethod
    def _says_something(cls, value: str) -> str:
        if not value.strip():
            raise ValueError("must not be empty")
        return value


class _Drawn(_Prompt):
    model: Words = Field(None, description="By default the first that makes pictures.")
    width: Side = Field(None, description="Pixels.")
    height: Side = Field(None, description="Pixels.")
    batch_size: Count = Field(None, description="How many pictures.")
    seed: Seed = None


class TextToImage(_Generation, _Drawn):
    """Make pictures of a text, and wait for them."""


class QueueTextToImage(_QueueGeneration, _Drawn):
    """Queue pictures of a text, and be told where to ask for them."""


class _Changed(_Prompt):
    image: str | None = Field(None, description=_FILE)
    model: Words = Field(None, description="By default the first that changes pictures.")
    denoise: Share = Field(None, description="How much is changed, 0 to 1.")
    batch_size: Count = Field(None, description="How many pictures.")
    seed: Seed = None


class ImageToImage(_Generation, _Changed):
    """Make pictures of a picture, and wait for them."""


class QueueImageToImage(_QueueGeneration, _Changed):
    """Queue pictures of a picture, and be told where to ask for them."""


class _Masked(_Changed):
    mask: str | None = Field(None, description=_FILE)


class ImageWithMask(_Generation, _Masked):
    """Change what a mask marks of a picture, and wait for it."""


class QueueImageWithMask(_QueueGeneration, _Masked):
    """Queue the change of what a mask marks, and be told where to ask for it."""


class _Enlarged(Dto):
    image: str | None = Field(None, description=_FILE)
    model: Words = None
    seed: Seed = None


class ImageUpscale(_Generation, _Enlarged):
    """Make a picture twice as large, and wait for it."""


class QueueImageUpscale(_QueueGeneration, _Enlarged):
    """Queue a picture to be made twice as large, and be told where to ask for it."""


class _Described(Dto):
    image: str | None = Field(None, description=_FILE)
    model: Words = Field(None, description="One that sees; by default the first.")
    prompt: Words = Field(None, description="What to tell of it.")


class ImageToText(_Generation, _Described):
    """Describe a picture, and wait for the text."""


class QueueImageToText(_QueueGeneration, _Described):
    """Queue the description of a picture, and be told where to ask for it."""


class _Spoken(Dto):
    input: Words = Field(None, description="What to say.")
    text: Words = Field(None, description="The same; as queued calls name it.")
    model: Words = Field(None, description="A model, or model and voice: `tts-1:alloy`.")
    voice: Words = None
    seed: Seed = None


class TextToSpeech(_Generation, _Spoken):
    """Speak a text, and wait for the sound."""


class QueueTextToSpeech(_QueueGeneration, _Spoken):
    """Queue a text to be spoken, and be told where to ask for the sound."""


class _Heard(Dto):
    audio: str | None = Field(None, description=_FILE)
    model: Words = Field(None, description="By default the first that hears.")
    language: Words = Field(None, description="In ISO 639-1.")


class SpeechToText(_Generation, _Heard):
    """Write down what a recording says, and wait for it."""


class QueueSpeechToText(_QueueGeneration, _Heard):
    """Queue a recording to be written down, and be told where to ask for the text."""


class ArtifactOutput(Dto):
    """A file that a job made."""

    url: str = Field(description="A signed link that expires.")
    file_name: str
    provider: str | None = None


class TextOutput(Dto):
    """A text that a job made."""

    text: str


class ArtifactGenerationResponse(Dto):
    """Files that were made."""

    results: list[ArtifactOutput]
    duration: str = Field(description="How long it took, such as PT2.5S.")
    response_status: ResponseStatus | None = None


class TextGenerationResponse(Dto):
    """Texts that were made. Of a recording two: the second has its parts with times, as JSON."""

    results: list[TextOutput]
    duration: str = Field(description="How long it took, such as PT2.5S.")
    response_status: ResponseStatus | None = None


class QueueGenerationResponse(Dto):
    """A job was accepted."""

    job_id: int
    ref_id: str
    job_state: str
    status: str
    status_url: str = Field(description="Where to ask for the job's status.")
    response_status: ResponseStatus | None = None


class GetArtifactGenerationStatus(GetOpenAiChatStatus):
    """Ask where a job stands that makes files."""


class GetTextGenerationStatus(GetOpenAiChatStatus):
    """Ask where a job stands that makes a text."""


class _Status(Dto):
    job_id: int
    ref_id: str
    job_state: str = Field(description="Queued, Started, Executed, Completed, Failed, Cancelled.")
    status: str = Field(description="The same for people, with details.")
    duration: str | None = Field(None, description="How long it took, such as PT2.5S.")
    response_status: ResponseStatus | None = None


class GetArtifactGenerationStatusResponse(_Status):
    """Where a job stands, with its files once there are some."""

    results: list[ArtifactOutput] | None = None


class GetTextGenerationStatusResponse(_Status):
    """Where a job stands, with its texts once there are some."""

    results: list[TextOutput] | None = None


class GenerationArgs(Dto):
    """What AI Server's own API asks of a model; the members that its tasks use."""

    model: Words = None
    batch_size: Count = None
    seed: Seed = None
    positive_prompt: Words = None
    negative_prompt: Words = None
    denoise: Share = None
    width: Side = None
    height: Side = None
    voice: Words = None
    task_type: Any = Field(None, description="By number or name: 1 TextToImage, 7 TextToSpeech.")


class CreateGeneration(Queued):
    """Queue what needs no file: pictures of a text, or speech."""

    request: GenerationArgs
    provider: Text = None
    state: Words = Field(None, description="Handed back with the result.")
    reply_to: Url = Field(None, description="Where the result is posted.")
    ref_id: Text = Field(None, description="Your name for the job.")


class CreateGenerationResponse(Dto):
    """A generation was accepted."""

    id: int
    ref_id: str
    response_status: ResponseStatus | None = None


class GetGeneration(ById):
    """Read a generation that has ended."""


class GetGenerationResponse(Dto):
    """What was made."""

    outputs: list[ArtifactOutput] | None = None
    text_outputs: list[TextOutput] | None = None
    response_status: ResponseStatus | None = None
