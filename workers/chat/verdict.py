"""What a failed call says of its provider. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import requests

from shared.health_store import Failed
from shared.provider_health import Standing
from workers.providers.base import UNSUPPORTED, ProviderError

_CREDENTIALS: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
#: Longest rest that a provider may ask for (seconds).
_LONGEST_ASKED_S: Final = 3600.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to note: of the whole provider, or of the model alone."""

    failed: Failed
    whole_provider: bool


def verdict(error: ProviderError, *, failing: bool) -> Verdict | None:
    """Judge a failed call; None when it says nothing against the provider.

    `failing`: too many of the last calls failed.
    """
    if error.status in _CREDENTIALS:
        reason = f"it refused the gateway's key ({error.status:d})"
        return Verdict(Failed(Standing.OFFLINE, reason, at_once=True), whole_provider=True)
    if not error.transient:
        return None
    reason = str(error)
    if error.retry_after_s:
        asked_s = min(error.retry_after_s, _LONGEST_ASKED_S)
        return Verdict(Failed(Standing.LIMITED, reason, asked_s), whole_provider=False)
    if _is_unreachable(error):
        return Verdict(Failed(Standing.OFFLINE, reason, at_once=failing), whole_provider=True)
    return Verdict(Failed(Standing.RESTING, reason, at_once=failing), whole_provider=False)


def may_go_elsewhere(error: ProviderError) -> bool:
    """Whether another provider may answer what this one could not.

    One whose API cannot say what was asked was not called (its status is None): another API may.
    """
    is_untranslatable = error.status is None and error.failure.code == UNSUPPORTED
    return error.transient or error.status in _CREDENTIALS or is_untranslatable


def _is_unreachable(error: ProviderError) -> bool:
    """Whether there was no connection; an answer that did not come in time is another thing."""
    return error.status is None and isinstance(error.__cause__, requests.ConnectionError)
