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
#: The first part of a signature, in bytes and in characters: that we made a link of this id. The
#: second is of the very job, which must be there to be compared.
_OURS_BYTES: Final = 9
_OURS: Final = 12


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
    expected, given = signature(settings, job, expires_s).encode(), _octets(presented)
    # The version before had the second part alone.
    return hmac.compare_digest(expected, given) | hmac.compare_digest(expected[_OURS:], given)


def is_ours(settings: Settings, job_id: int, expires_s: int, presented: str) -> bool:
    """Whether we made a link of this job's id with this expiry, be the job there or not.

    Whoever has none must not learn which ids jobs have.
    """
    expected = _text(_ours(settings, job_id, expires_s))
    return hmac.compare_digest(expected.encode(), _octets(presented)[:_OURS])


def signature(settings: Settings, job: Job, expires_s: int) -> str:
    """Return the link's signature, HMAC-SHA256 in URL-safe base64.

    Receivers know the secrets that sign callbacks, so the key is one that only we can derive. The
    time of creation is signed too: ids begin anew in a Redis that lost its data.
    """
    content = f"{job.id}.{job.created_ms}.{expires_s}".encode()
    digest = hmac.digest(_key(settings), content, "sha256")
    return _text(_ours(settings, job.id, expires_s)) + _text(digest)


def base_url(settings: Settings, reached: str) -> str:
    """Return where the gateway is reached: as set, else as the job's client reached it."""
    url = settings.base_url or reached or f"http://{settings.host}:{settings.port}"
    return url.rstrip("/")


def _ours(settings: Settings, job_id: int, expires_s: int) -> bytes:
    return hmac.digest(_key(settings), f"{job_id}.{expires_s}".encode(), "sha256")[:_OURS_BYTES]


def _key(settings: Settings) -> bytes:
    master = settings.encryption_key.get_secret_value().encode()
    return hmac.digest(master, _PURPOSE, "sha256")


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest).decode().rstrip("=")


def _octets(presented: str) -> bytes:
    return presented.encode("utf-8", "surrogateescape")
