"""What a failed call says of its provider. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

import requests
from requests.exceptions import ProxyError, SSLError
from urllib3.exceptions import ProtocolError

from shared.providers.health import Standing
from shared.providers.health_store import Failed
from workers.providers.base import UNSUPPORTED, Blame, ProviderError

#: Longest rest that a provider may ask for (seconds).
_LONGEST_ASKED_S: Final = 3600.0
#: How long others are preferred to a provider whose account is used up (seconds).
_UNPAID_S: Final = 300.0
#: Statuses of servers that have no such operation; or no such address, which is the operator's.
_NOTHING_THERE: Final = (404, 405, 501)
#: Statuses of a proxy or a network on the way, which all calls of a provider meet.
_ON_THE_WAY: Final = (407, 426, 511)
#: Longest reason that is remembered (characters).
_LONGEST_REASON: Final = 500


@dataclass(frozen=True, slots=True)
class Verdict:
    """What to note: of the whole provider, or of the model alone."""

    failed: Failed
    whole_provider: bool


def verdict(error: ProviderError, *, failing: bool) -> Verdict | None:
    """Judge a failed call; None when it says nothing against the provider.

    `failing`: too many of the last calls failed.
    """
    by_blame = _BY_BLAME.get(error.blame)
    if by_blame is not None:
        return by_blame(error)
    if not error.transient or error.blame is Blame.OURS:
        return None
    reason = _reason(str(error))
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
    if error.blame is Blame.OURS:
        return False
    is_untranslatable = error.status is None and error.failure.code == UNSUPPORTED
    return error.transient or error.blame is not Blame.REQUEST or is_untranslatable


def needs_probe(error: ProviderError) -> bool:
    """Whether only a probe can tell if it is the provider, or this one request.

    Its answer refused the key or the request; or there was none, as there may be for nobody. Then
    one job finds a provider that is down, rather than to use up its attempts.
    """
    is_refused = error.status == HTTPStatus.FORBIDDEN and error.blame is Blame.FORBIDDEN
    return is_refused or _may_be_away(error)


def lacks_operation(error: ProviderError) -> bool:
    """Whether there is nothing where the call went: no such operation, or a wrong base URL."""
    return error.blame is Blame.FORBIDDEN and error.status in _NOTHING_THERE


def _key_refused(error: ProviderError) -> Verdict:
    said = f": {error.words}" if error.words else ""
    reason = _reason(f"it refused the gateway's key ({error.status}){said}")
    return Verdict(Failed(Standing.OFFLINE, reason, at_once=True), whole_provider=True)


def _unpaid(error: ProviderError) -> Verdict:
    # Still called when nobody else can answer: what it says may be about one costly request.
    reason = _reason(f"its account is used up ({error.status}): {error}")
    asked_s = min(error.retry_after_s or _UNPAID_S, _LONGEST_ASKED_S)
    return Verdict(Failed(Standing.RESTING, reason, asked_s), whole_provider=True)


def _no_model(error: ProviderError) -> Verdict:
    reason = _reason(f"it has not got the model ({error.status}): {error}")
    return Verdict(Failed(Standing.RESTING, reason), whole_provider=False)


def _settings(error: ProviderError) -> Verdict:
    # A page or a redirect is found at one address, and other operations and models may have others.
    is_on_the_way = error.status in _ON_THE_WAY
    return Verdict(Failed(Standing.RESTING, _reason(str(error))), whole_provider=is_on_the_way)


#: What is the operator's to mend. Nothing is said against a provider for what it forbids.
_BY_BLAME: Final = {
    Blame.KEY: _key_refused,
    Blame.BILLING: _unpaid,
    Blame.MODEL: _no_model,
    Blame.SETTINGS: _settings,
}


def _reason(text: str) -> str:
    return text if len(text) <= _LONGEST_REASON else f"{text[:_LONGEST_REASON]}…"


def _is_unreachable(error: ProviderError) -> bool:
    """Whether there was no connection. An answer that did not come in time is another thing.

    So is a connection that was dropped: that may be because of what was asked.
    """
    return _has_no_answer(error) and not _is_dropped(error)


def _is_dropped(error: ProviderError) -> bool:
    """Whether there was a connection that ended without an answer."""
    cause = error.__cause__
    return _has_no_answer(error) and bool(
        cause and cause.args and isinstance(cause.args[0], ProtocolError)
    )


def _may_be_away(error: ProviderError) -> bool:
    """Whether the other side refused or closed the connection.

    A proxy or a certificate that is wrong is no sign of that, nor is an answer that we gave up.
    """
    cause = error.__cause__
    if not _has_no_answer(error) or isinstance(cause, ProxyError | SSLError):
        return False
    if not _is_dropped(error):
        return True
    broken = cause.args[0] if cause else None
    return any(isinstance(one, ConnectionError) for one in getattr(broken, "args", ()))


def _has_no_answer(error: ProviderError) -> bool:
    return error.status is None and isinstance(error.__cause__, requests.ConnectionError)
