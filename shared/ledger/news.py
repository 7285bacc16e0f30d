"""What a waiting request hears of its job: the result itself, where it is small."""

from __future__ import annotations

from typing import Final

from shared.jobs.moves import Answer, Making

_SEPARATOR: Final = b"\x1f"
#: Before the body, which may have separators of its own.
_FIELDS: Final = 6


def read_news(news: bytes, job_id: int) -> Answer | None:
    """Read what `news_of` in `lua/includes/finish.lua` wrote; None if it is not of the job."""
    fields = news.split(_SEPARATOR, _FIELDS)
    if len(fields) <= _FIELDS or int(fields[0]) != job_id:
        return None
    _, created_ms, executed_ms, provider, status, field, body = fields
    is_response = field == b"response"
    return Answer(
        job_id=job_id,
        status=int(status),
        response=body if is_response else None,
        error=None if is_response else body,
        created_ms=int(created_ms),
        executed_ms=int(executed_ms),
        made=Making(provider.decode()),
    )
