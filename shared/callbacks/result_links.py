"""Links that give one job's result to whoever has them, until they expire. Pure."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from typing import Final
from urllib.parse import urlencode

from shared.jobs.job import Job
from shared.settings import Settings

#: Path of the endpoint, before the job's id.
PATH: Final = "/api/results/"
_PURPOSE: Final = b"replyto result links"


def result_url(settings: Settings, job: Job) -> str:
    """Return the link to an executed job's result; always the same one for a job."""
    expires_s = expiry_s(settings, job)
    query = urlencode({"expires": expires_s, "signature": signature(settings, job, expires_s)})
    return f"{base_url(settings, job.base_url)}{PATH}{job.id}?{query}"


def expiry_s(settings: Settings, job: Job) -> int:
    """Return when the job's link expires (unix seconds)."""
    return round(job.executed_ms / 1000 + settings.result_link_ttl_s)


def is_genuine(settings: Settings, job: Job, expires_s: int, presented: str) -> bool:
    """Whether the signature is that of this job's link with this expiry; in constant time."""
    expected = signature(settings, job, expires_s).encode()
    return hmac.compare_digest(expected, presented.encode("utf-8", "surrogateescape"))


def signature(settings: Settings, job: Job, expires_s: int) -> str:
    """Return the link's signature, HMAC-SHA256 in URL-safe base64.

    Receivers know the secrets that sign callbacks, so the key is one that only we can derive. The
    time of creation is signed too: ids begin anew in a Redis that lost its data.
    """
    master = settings.encryption_key.get_secret_value().encode()
    key = hmac.digest(master, _PURPOSE, "sha256")
    content = f"{job.id}.{job.created_ms}.{expires_s}".encode()
    return urlsafe_b64encode(hmac.digest(key, content, "sha256")).decode().rstrip("=")


def base_url(settings: Settings, reached: str) -> str:
    """Return where the gateway is reached: as set, else as the job's client reached it."""
    url = settings.base_url or reached or f"http://{settings.host}:{settings.port}"
    return url.rstrip("/")
