"""A dependency for FastAPI that gives the job of a genuine callback, each once."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable

from fastapi import HTTPException, Request

from replyto_client.job import Job, read_job
from replyto_client.seen import MemorySeen, Seen, Standing
from replyto_client.verification import NotGenuine, verify


def received_job(
    keys: str | Iterable[str], *, seen: Seen | None = None
) -> Callable[[Request], AsyncIterator[Job]]:
    """Return a dependency: `job: Annotated[Job, Depends(received_job(secret))]`.

    What is not genuine is a 401, what was handled already a 204, what is under way a 503: your
    function is not called. When it raises, the callback comes again.
    """
    known, all_keys = seen or MemorySeen(), [keys] if isinstance(keys, str) else list(keys)

    async def job_of(request: Request) -> AsyncIterator[Job]:
        body, headers = await request.body(), dict(request.headers)
        try:
            webhook_id = verify(all_keys, headers, body)
            job = read_job(webhook_id, headers, body, dict(request.query_params))
        except (NotGenuine, ValueError):
            raise HTTPException(401) from None
        standing = known.begin(webhook_id)
        if standing is Standing.UNDER_WAY:
            raise HTTPException(503, headers={"Retry-After": "5"})
        if standing is Standing.DONE:
            raise HTTPException(204)
        try:
            yield job
        except BaseException:
            known.failed(webhook_id)
            raise
        known.done(webhook_id)

    return job_of
