"""A sound on its way into the store, whose first bytes a waiting client gets at once.

See docs/adr/0057-live-media.md.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

from shared.codecs.json_bytes import to_json_bytes
from shared.media import live
from workers.providers.base import ProviderCall


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
