"""Shows a job in the DTOs of AI Server's wire. Pure."""

from __future__ import annotations

import json
import math
from typing import Any, Final

from shared.codecs.moments import iso_date
from shared.dtos.base import ResponseError, ResponseStatus
from shared.dtos.jobs import BackgroundJob, FlowState, GetOpenAiChatStatusResponse
from shared.jobs.job import Job, JobState
from shared.jobs.moves import FlowStanding, Position
from shared.media import request as media_request
from shared.media import result as media_result
from shared.operation import MEDIA, Operation
from shared.wire.queueing.flow_control import rate_text

#: Names of what was asked and of its answer; AI Server has those of chats and generations.
_TYPES: Final = {
    Operation.CHAT: ("OpenAiChatCompletion", "OpenAiChatResponse"),
    Operation.COMPLETION: ("OpenAiCompletion", "OpenAiCompletionResponse"),
    Operation.EMBEDDING: ("OpenAiEmbedding", "OpenAiEmbeddingResponse"),
    Operation.RESPONSE: ("OpenAiResponse", "OpenAiResponseResponse"),
    Operation.OLLAMA_GENERATE: ("OllamaGeneration", "OllamaGenerationResponse"),
    Operation.MODERATION: ("OpenAiModeration", "OpenAiModerationResponse"),
    Operation.IMAGE: ("TextToImage", "ArtifactGenerationResponse"),
    Operation.IMAGE_EDIT: ("ImageToImage", "ArtifactGenerationResponse"),
    Operation.IMAGE_VARIATION: ("ImageVariation", "ArtifactGenerationResponse"),
    Operation.IMAGE_UPSCALE: ("ImageUpscale", "ArtifactGenerationResponse"),
    Operation.IMAGE_TO_TEXT: ("ImageToText", "TextGenerationResponse"),
    Operation.SPEECH: ("TextToSpeech", "ArtifactGenerationResponse"),
    Operation.TRANSCRIPTION: ("SpeechToText", "TextGenerationResponse"),
    Operation.TRANSLATION: ("SpeechToText", "TextGenerationResponse"),
    Operation.TRANSFORM: ("MediaTransform", "ArtifactGenerationResponse"),
}
_PROGRESS: Final = {JobState.QUEUED: 0.0, JobState.STARTED: 0.5}


def status_json(
    job: Job,
    position: Position | None = None,
    kept_from: str = "",
    flow: FlowStanding | None = None,
) -> bytes:
    """Return where the job stands, as it is sent; its result is the LLM's own text.

    `kept_from` says what keeps a queued job from every provider, if something does.
    """
    start_in_s = position.start_in_s if position else None
    status = GetOpenAiChatStatusResponse(
        job_id=job.id,
        ref_id=job.ref_id,
        job_state=job.state,
        status=status_text(job, position, kept_from, flow),
        queue_position=position.before if position else None,
        estimated_start_secs=None if start_in_s is None else math.ceil(start_in_s),
        run_after=_date_or_none(job.run_after_ms),
        waits_for_limits_since=_limited_since(job, position),
        flow=_flow_state(flow) if flow else None,
        response_status=failure_of(job),
    ).to_json()
    if job.response is None:
        return status
    return status.removesuffix(b"}") + b',"result":' + shown_response(job) + b"}"


def _limited_since(job: Job, position: Position | None) -> str | None:
    waits = job.waits_for_limits and is_delayed(job, position)
    return iso_date(job.created_ms) if waits else None


def shown_response(job: Job) -> bytes:
    """Return the answer of a job that has one, as it is shown: links stand for files."""
    response = job.response or b""
    return media_result.shown(response) if job.operation in MEDIA else response


def _shown_request(job: Job) -> str:
    shown = media_request.shown(job.request) if job.operation in MEDIA and job.request else None
    return job.request.decode("utf-8") if shown is None else json.dumps(shown, ensure_ascii=False)


def _flow_state(known: FlowStanding) -> FlowState:
    return FlowState(
        key=known.flow.key,
        max_parallel=known.flow.max_parallel or None,
        rate=rate_text(known.flow) or None,
        running=known.running,
        waiting=known.waiting,
        before=known.before,
    )


def status_text(
    job: Job,
    position: Position | None = None,
    kept_from: str = "",
    flow: FlowStanding | None = None,
) -> str:
    """Return the state in words, with what is worth knowing about it."""
    if flow is not None and flow.before is not None:
        return _with_its_flow(flow)
    if is_delayed(job, position):
        return f"Queued{_limits_of(job)}, not to run before {iso_date(job.run_after_ms)}"
    if kept_from and job.state is JobState.QUEUED:
        return f"Queued until a provider is online: {kept_from}"
    if position is not None:
        return _in_line(position)
    if job.state is JobState.STARTED:
        wish = ", asked to cancel" if job.cancel else ""
        at = f" at {job.at}" if job.at else ""
        return f"Started, attempt {job.attempt}{at}{wish}"
    return _queued_again(job) or _ended(job)


def _limits_of(job: Job) -> str:
    waits = job.waits_for_limits
    return f", waits for its key's limits since {iso_date(job.created_ms)}" if waits else ""


def _queued_again(job: Job) -> str:
    last = job.attempts[-1] if job.attempts else None
    if job.state is not JobState.QUEUED or last is None:
        return ""
    return f"Queued for another attempt; attempt {last.number} failed: {last.detail}"


def _ended(job: Job) -> str:
    failure = failure_of(job)
    return f"{job.state}: {failure.message}" if failure else str(job.state)


def is_delayed(job: Job, position: Position | None) -> bool:
    """Whether a job waits for its time: it stands in no line, and never had an attempt."""
    waits = job.state is JobState.QUEUED and position is None and not job.attempt
    return waits and job.run_after_ms > 0


def _with_its_flow(known: FlowStanding) -> str:
    flow, jobs = known.flow, f"{known.before} jobs"
    most = f" of at most {flow.max_parallel}" if flow.max_parallel else ""
    rate = f", {rate_text(flow)} may begin" if flow.rate else ""
    before = {0: "it is next", 1: "1 job of it before this one"}.get(
        known.before or 0, f"{jobs} of it before this one"
    )
    return f"Queued, waits for its flow key '{flow.key}': {known.running}{most} run{rate}, {before}"


def _in_line(position: Position) -> str:
    jobs = {0: "next in line", 1: "1 job before it"}.get(
        position.before, f"{position.before} jobs before it"
    )
    if position.start_in_s is None:
        return f"Queued, {jobs}"
    return f"Queued, {jobs}, starts in about {math.ceil(position.start_in_s)} s"


def failure_of(job: Job) -> ResponseStatus | None:
    """Return why the job failed, None when it did not."""
    if job.error is None:
        return None
    status: dict[str, Any] = json.loads(job.error)["responseStatus"]
    rows = [
        ResponseError(
            error_code=row["errorCode"], field_name=row["fieldName"], message=row["message"]
        )
        for row in status.get("errors", [])
    ]
    return ResponseStatus(
        error_code=status["errorCode"], message=status["message"], errors=rows or None
    )


def background_job(job: Job) -> BackgroundJob:
    """Return all that is known of the job."""
    failure = failure_of(job)
    request_type, response_type = _TYPES[job.operation]
    ended_ms = job.completed_ms or job.executed_ms
    return BackgroundJob(
        id=job.id,
        ref_id=job.ref_id,
        tag=job.tag or None,
        worker=job.worker or None,
        created_date=iso_date(job.created_ms),
        created_by=job.owner,
        run_after=_date_or_none(job.run_after_ms),
        group_id=job.group or None,
        flow_key=job.flow or None,
        request_id=job.request_id or None,
        request_type="API",
        request=request_type,
        request_body=_shown_request(job),
        response=response_type if job.response is not None else None,
        response_body=shown_response(job).decode("utf-8") if job.response is not None else None,
        state=job.state,
        started_date=_date_or_none(job.started_ms),
        completed_date=_date_or_none(job.completed_ms),
        notified_date=_date_or_none(job.notified_ms),
        attempts=job.attempt,
        duration_ms=max(0, ended_ms - job.started_ms) if job.started_ms and ended_ms else 0,
        timeout_secs=max(0, job.deadline_ms - max(job.created_ms, job.run_after_ms)) // 1000,
        progress=_PROGRESS.get(job.state, 1.0),
        status=status_text(job),
        last_activity_date=iso_date(max(job.created_ms, job.started_ms, ended_ms)),
        reply_to=job.reply_to or None,
        error_code=failure.error_code if failure else None,
        error=failure,
        meta=_meta(job),
    )


def _meta(job: Job) -> dict[str, str] | None:
    if not job.attempts:
        return None
    last = job.attempts[-1].provider
    return {
        **({"provider": last} if last else {}),
        "attempts": json.dumps(
            [
                {
                    "number": a.number,
                    "provider": a.provider,
                    "outcome": a.outcome,
                    "status": a.status,
                    "startedDate": iso_date(a.started_ms),
                    "durationMs": a.duration_ms,
                    "detail": a.detail,
                    "reason": a.reason,
                }
                for a in job.attempts
            ]
        ),
    }


def _date_or_none(moment_ms: int) -> str | None:
    return iso_date(moment_ms) if moment_ms else None
