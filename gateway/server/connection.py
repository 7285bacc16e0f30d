"""The bytes of one connection: read and sent within limits of time, and with a fair share."""

from __future__ import annotations

import errno
import io
import select
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

from gevent import socket as gevent_socket
from gevent.monkey import get_original

from gateway.server.callers import Callers, address_of
from gateway.server.limits import Limits
from shared.turns import Turns

#: Most bytes that are taken from the system, or given to it, at once.
_SLICE_BYTES: Final = 262_144
#: After so many bytes that were there already, others have their turn.
_SHARE_BYTES: Final = 262_144
#: How often a client that has closed its end is asked whether it still listens (seconds).
_PROBE_S: Final = 10.0


class Connection(io.RawIOBase):
    """A client's socket, as a file to read from; `send` is the other way."""

    def __init__(
        self, link: socket.socket, peer: object, limits: Limits, callers: Callers, turns: Turns
    ) -> None:
        super().__init__()
        self.address = address_of(peer)
        self.limits = limits
        self.deadline = 0.0
        #: Whether the last read had to wait for the client.
        self.has_waited = False
        #: Whether no request is under way, not even a part of one.
        self.is_idle = True
        #: Whether the client took too long, and was hung up on.
        self.is_late = False
        # Reads and sends what it can at once, and says so where it would have to wait.
        link.settimeout(0.0)
        self._link: Any = link
        self._callers = callers
        self._turns = turns
        self._unwaited = 0
        self._began_s, self._limit_s, self._s_per_byte, self._moved = 0.0, 0.0, 0.0, 0
        self._is_sending, self._is_hung_up = False, False
        self._probed_s = 0.0
        self._is_holding = False

    # --- reading ----------------------------------------------------------------------------

    def readable(self) -> bool:
        """Return that it can be read."""
        return True

    def fileno(self) -> int:
        """Return the socket's descriptor."""
        return int(self._link.fileno())

    def allow(self, limit_s: float, s_per_byte: float = 0.0) -> None:
        """Begin a time: so many seconds from now, and so many more for each byte that comes."""
        self._began_s = time.monotonic()
        self._limit_s, self._s_per_byte, self._moved = limit_s, s_per_byte, 0

    def readinto(self, buffer: Any) -> int:
        """Read what is there, or wait for it; 0 at the end. Raises OSError when it breaks."""
        place = buffer if len(buffer) <= _SLICE_BYTES else memoryview(buffer)[:_SLICE_BYTES]
        try:
            got: int = self._link.recv_into(place)
        except BlockingIOError:
            got = self._wait_into(place)
        else:
            self._unwaited += got
            if self._unwaited > _SHARE_BYTES:
                self.take_turn()
        self._moved += got
        return got

    def hold(self, size_bytes: int) -> None:
        """Note how much of a body that is not whole yet is in memory; 0: nothing any more."""
        if size_bytes or self._is_holding:
            self._is_holding = size_bytes > 0
            self._callers.owe(self, size_bytes)

    def take_turn(self) -> None:
        """Let others go first: this one goes on in another round of the loop."""
        self._unwaited = 0
        self._turns.wait(self.address)

    def _wait_into(self, place: Any) -> int:
        self.has_waited, self._unwaited = True, 0
        self._begin_waiting()
        try:
            self._wait_for_bytes()
        except OSError:
            # What came before the wait was ended is still there.
            if not self._is_hung_up:
                raise
        finally:
            self._callers.go_on(self)
        try:
            return self._link.recv_into(place)  # type: ignore[no-any-return]
        except BlockingIOError:
            # The system may wake somebody for nothing.
            return self._wait_into(place)

    def _wait_for_bytes(self) -> None:
        # The link's own reading would ask the system once more before it waits.
        gevent_socket.wait(self._link._read_event)  # noqa: SLF001

    def _begin_waiting(self) -> None:
        self.deadline = self._began_s + self._limit_s + self._moved * self._s_per_byte
        self._callers.wait(self)

    # --- sending ----------------------------------------------------------------------------

    def send(self, data: bytes | bytearray) -> None:
        """Send all of it. Raises OSError when the client is gone, or does not take it in time."""
        try:
            sent: int = self._link.send(data)
        except BlockingIOError:
            sent = 0
        if sent < len(data):
            try:
                self._send_rest(memoryview(data)[sent:])
            finally:
                self._callers.owe(self, 0)

    def _send_rest(self, rest: memoryview) -> None:
        while rest:
            self._callers.owe(self, len(rest))
            self.allow(self.limits.send_s)
            self._is_sending = True
            self._begin_waiting()
            self._link.settimeout(None)
            try:
                self._link.sendall(rest[:_SLICE_BYTES])
            except OSError as exc:
                raise BrokenPipeError(errno.EPIPE, "the client takes nothing") from exc
            finally:
                self._is_sending = False
                self._link.settimeout(0.0)
                self._callers.go_on(self)
            rest = rest[_SLICE_BYTES:]
            self.take_turn()

    @property
    def has_made_room(self) -> bool:
        """Whether it was hung up on for the sake of others."""
        return self._is_hung_up and not self.is_late

    # --- its end ----------------------------------------------------------------------------

    def hang_up(self, *, is_late: bool) -> None:
        """End the wait. What has come already is still read."""
        self.is_late, self._is_hung_up = is_late, True
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_RDWR if self._is_sending else socket.SHUT_RD)

    def linger(self) -> None:
        """Say that nothing more comes, and read what is on its way: else it would be a reset.

        A reset can reach the client before it has read the answer. RFC 9112, section 9.6. A client
        that has closed between two requests is owed nothing.
        """
        if self.is_idle and not self._is_hung_up:
            return
        with suppress(OSError):
            self._link.shutdown(socket.SHUT_WR)
            self.allow(self.limits.rest_s)
            left, place = self.limits.rest_bytes, bytearray(16_384)
            while left > 0 and (got := self.readinto(place)):
                left -= got

    def has_left(self, probe: Callable[[], bool]) -> bool:
        """Whether the client is gone, not only done with sending: RFC 9112, section 9.6.

        Both look alike until something is sent: `probe` does that. It returns False when there is
        nothing that it could send; then the client counts as gone.
        """
        seen = _events(self.fileno())
        if seen & (select.POLLHUP | select.POLLERR):
            return True
        now = time.monotonic()
        if not seen & select.POLLRDHUP or now < self._probed_s + _PROBE_S:
            return False
        self._probed_s = now
        try:
            return not probe()
        except OSError:
            return True


def _events(descriptor: int) -> int:
    # The one that gevent has not patched: it is asked without waiting, and knows this event.
    poll = get_original("select", "poll")()
    poll.register(descriptor, select.POLLRDHUP)
    return next((events for _, events in poll.poll(0)), 0)
