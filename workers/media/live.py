"""What a waiting client gets of an answer with files while it is still made.

Pictures go as references, sound as pieces in base64 up to a bound, transcripts as the provider's
own events; what is missing at the end is in the result. See docs/adr/0057-live-media.md.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable, Iterator

from redis.exceptions import RedisError

from shared.codecs.json_bytes import to_json_bytes
from shared.media import live
from workers.chat.relay import Relay, StreamRefused
from workers.providers.base import ProviderCall, ProviderError


def relayed(relay: Relay, ask: Callable[[], bytes]) -> bytes:
    """Return the answer that is asked for, all that it says on its way written to the ledger.

    Raises StreamRefused; and ProviderError, which is final once something was passed on: another
    attempt would say something else from the start.
    """
    try:
        answer = ask()
    except ProviderError as error:
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


class LiveSound:
    """A sound on its way into the store: its first bytes are told as they come."""

    def __init__(self, call: ProviderCall, media_type: str) -> None:
        self._tell = call.live
        self._most_bytes = call.live_max_bytes if call.live else 0
        self._media_type = media_type
        #: So many of its first bytes were told.
        self.told_bytes = 0

    def passing(self, pieces: Iterable[bytes]) -> Iterator[bytes]:
        """Give the pieces as they come. Raises StreamRefused."""
        for piece in pieces:
            if self.told_bytes < self._most_bytes:
                self._pass_on(piece[: self._most_bytes - self.told_bytes])
            yield piece

    def _pass_on(self, piece: bytes) -> None:
        event = {"type": live.SOUND_DELTA, "audio": base64.b64encode(piece).decode()}
        if not self.told_bytes:
            event[live.MEDIA_TYPE] = self._media_type
        if self._tell is not None:
            self._tell(to_json_bytes(event))
        self.told_bytes += len(piece)
