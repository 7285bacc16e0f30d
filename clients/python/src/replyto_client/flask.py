"""A blueprint for Flask that receives callbacks, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from flask import Blueprint, Response, request

from replyto_client.job import Job, read_job
from replyto_client.seen import MemorySeen, Seen, Standing
from replyto_client.verification import NotGenuine, verify


def receiver(
    handle: Callable[[Job], object],
    keys: str | Iterable[str],
    path: str = "/cb",
    *,
    seen: Seen | None = None,
    name: str = "replyto",
) -> Blueprint:
    """Return a blueprint that hands the job of each genuine callback to `handle`, once.

    It answers 204; 401 to what is not genuine, 503 while the same callback is under way. What
    `handle` raises is a 500 of your application, and the callback comes again.
    """
    blueprint = Blueprint(name, __name__)
    known, all_keys = seen or MemorySeen(), [keys] if isinstance(keys, str) else list(keys)

    @blueprint.post(path)
    def receive() -> Response:
        body = request.get_data()
        try:
            webhook_id = verify(all_keys, dict(request.headers), body)
            job = read_job(webhook_id, dict(request.headers), body, request.args.to_dict())
        except (NotGenuine, ValueError):
            return Response(status=401)
        standing = known.begin(webhook_id)
        if standing is Standing.UNDER_WAY:
            return Response(status=503, headers={"Retry-After": "5"})
        if standing is Standing.NEW:
            try:
                handle(job)
            except BaseException:
                known.failed(webhook_id)
                raise
            known.done(webhook_id)
        return Response(status=204)

    return blueprint
