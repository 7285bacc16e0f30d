"""Shows a job in the DTOs of AI Server's wire. Pure."""

from __future__ import annotations

import json
import math
from typing import Final

from gateway.jobs.status_text import failure_of, is_delayed, status_text
from shared.codecs.moments import iso_date
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
