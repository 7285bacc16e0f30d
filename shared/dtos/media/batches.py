"""DTOs of OpenAI's Batch API."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from shared.dtos.inference.calls import OpenAiWire
from shared.dtos.media.files import ExpiresAfter
from shared.errors import ValidationFailed

#: A batch may take from an hour to a week.
Window = Annotated[str, Field(pattern=r"^([1-9]|[1-9][0-9]|1[0-5][0-9]|16[0-8])h$")]
Endpoint = Literal[
    "/v1/chat/completions", "/v1/completions", "/v1/embeddings", "/v1/moderations", "/v1/responses"
]


class CreateBatch(OpenAiWire):
    """Run a file of requests, with any models, when there is room."""

    input_file_id: Annotated[str, Field(max_length=64)] = Field(
        description="A file of JSON lines: `custom_id`, `method`, `url`, `body`."
    )
    endpoint: Endpoint = Field(description="The `url` of all its lines.")
    completion_window: Window = Field("24h", description="`24h`, or other hours up to `168h`.")
    metadata: Annotated[dict[str, str], Field(max_length=16)] | None = Field(
        None,
        description="`replyto_batch`: `auto`, `provider` (its own batch alone) or `single`.",
    )
    output_expires_after: ExpiresAfter | None = None
    replyTo: Annotated[str, Field(max_length=2048)] | None = Field(  # noqa: N815 - the wire's
        None, description="Where its end is posted, as OpenAI's webhook event. Or in `metadata`."
    )

    @model_validator(mode="after")
    def _metadata_is_short(self) -> CreateBatch:
        for name, value in (self.metadata or {}).items():
            if len(name) > 64 or len(value) > 512:  # noqa: PLR2004 - OpenAI's limits
                raise ValidationFailed(
                    "metadata: names have at most 64 characters, values at most 512",
                    field="metadata",
                )
        return self


class RetrieveBatch(OpenAiWire):
    """Read how far a batch is."""

    batch_id: str


class CancelBatch(OpenAiWire):
    """Cancel a batch; what was answered is kept."""

    batch_id: str = ""


class ListBatches(OpenAiWire):
    """List your batches, the latest first."""

    after: Annotated[str, Field(max_length=64)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class BatchCounts(OpenAiWire):
    """How many requests there are, and how many have ended."""

    total: int = 0
    completed: int = 0
    failed: int = 0


class OpenAiBatch(OpenAiWire):
    """A batch. Times are unix seconds."""

    id: str
    object: str = "batch"
    endpoint: str
    errors: dict[str, Any] | None = None
    input_file_id: str
    completion_window: str
    status: str
    output_file_id: str | None = None
    error_file_id: str | None = None
    created_at: int
    in_progress_at: int | None = None
    expires_at: int | None = None
    finalizing_at: int | None = None
    completed_at: int | None = None
    failed_at: int | None = None
    expired_at: int | None = None
    cancelling_at: int | None = None
    cancelled_at: int | None = None
    request_counts: BatchCounts
    usage: dict[str, Any] | None = Field(None, description="Tokens of all answers, at its end.")
    metadata: dict[str, str] | None = None


class OpenAiBatches(OpenAiWire):
    """A page of batches."""

    object: str = "list"
    data: list[OpenAiBatch]
    first_id: str | None = None
    last_id: str | None = None
    has_more: bool = False
