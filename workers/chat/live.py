"""An attempt at an answer that somebody follows while it is made: a stream, or live media.

See docs/adr/0057-live-media.md.
"""

from __future__ import annotations

from collections.abc import Callable

from redis.exceptions import RedisError

from workers.chat.relay import Relay, StreamRefused
from workers.providers.base import ProviderError


def relayed(relay: Relay, ask: Callable[[], bytes]) -> bytes:
    """Return the answer that is asked for, all that it says on its way written to the ledger.

    Raises StreamRefused; and ProviderError, which is final once something was passed on: another
    attempt would say something else from the start.
    """
    try:
        answer = ask()
    except ProviderError as error:
        # What came before the error is told too.
        relay.flush()
        raise _final(error) if relay.begun else error from error.__cause__
    except (StreamRefused, RedisError):
        raise
    except Exception:
        relay.flush()
        raise
    relay.flush()
    return answer


def _final(error: ProviderError) -> ProviderError:
    return ProviderError(error.failure, transient=False, status=error.status, body=error.body)
