"""Shows jobs with media in AI Server's DTOs. Pure."""

from __future__ import annotations

from gateway.jobs.status_text import failure_of, status_text
from shared.dtos.media import ai_server as dtos
from shared.jobs.job import Job, JobState
from shared.jobs.moves import Answer, FlowStanding, Position
from shared.media import callback


def duration(milliseconds: int) -> str:
    """Return a time as an XSD duration, as ServiceStack's clients read it: `PT2.5S`."""
    return f"PT{max(0, milliseconds) / 1000:.7g}S"


def files_of(job: Job, told: Answer) -> dtos.ArtifactGenerationResponse:
    """Return the files of a job that was waited for."""
    return dtos.ArtifactGenerationResponse(
        results=_files(job), duration=duration(told.executed_ms - told.created_ms)
    )


def texts_of(job: Job, told: Answer) -> dtos.TextGenerationResponse:
    """Return the texts of a job that was waited for."""
    return dtos.TextGenerationResponse(
        results=_texts(job), duration=duration(told.executed_ms - told.created_ms)
    )


def file_status(
    job: Job, position: Position | None, flow: FlowStanding | None = None
) -> dtos.GetArtifactGenerationStatusResponse:
    """Return where a job stands, with its files; one that failed says why, and is no error."""
    return dtos.GetArtifactGenerationStatusResponse(
        **_about(job, position, flow), results=_files(job) if job.response is not None else None
    )


def text_status(
    job: Job, position: Position | None, flow: FlowStanding | None = None
) -> dtos.GetTextGenerationStatusResponse:
    """Return where a job stands, with its texts."""
    return dtos.GetTextGenerationStatusResponse(
        **_about(job, position, flow), results=_texts(job) if job.response is not None else None
    )


def generation(job: Job) -> dtos.GetGenerationResponse:
    """Return what a job has made, or why it has not."""
    return dtos.GetGenerationResponse(
        outputs=_files(job) or None,
        text_outputs=_texts(job) or None,
        response_status=failure_of(job),
    )


def _about(job: Job, position: Position | None, flow: FlowStanding | None) -> dict[str, object]:
    # To AI Server's clients a result that is there is Completed.
    is_there = job.state is JobState.EXECUTED and job.response is not None
    return {
        "job_id": job.id,
        "ref_id": job.ref_id,
        "job_state": JobState.COMPLETED if is_there else job.state,
        "status": status_text(job, position, flow=flow),
        "duration": duration(job.executed_ms - job.created_ms) if job.executed_ms else None,
        "response_status": failure_of(job),
    }


def _files(job: Job) -> list[dtos.ArtifactOutput]:
    return [
        dtos.ArtifactOutput(url=one["url"], file_name=one["fileName"], provider=one.get("provider"))
        for one in callback.outputs(job)
    ]


def _texts(job: Job) -> list[dtos.TextOutput]:
    return [dtos.TextOutput(text=one["text"]) for one in callback.text_outputs(job)]
