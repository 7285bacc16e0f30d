"""Connections that are judged by the address that was really dialled, before a byte is sent."""

from __future__ import annotations

from typing import Any

from urllib3.exceptions import NewConnectionError

from shared.security.provider_places import ProviderPlaces


class Judged:
    """Mixed into urllib3's connections: these lead to places where providers may be alone.

    A name cannot change its address between the judgement and the call, for there is nothing
    between them: once a connection, what was dialled is looked at.
    """

    places: ProviderPlaces
    host: str
    proxy: Any

    def _new_conn(self) -> Any:
        """Dial. Raises NewConnectionError also for an address where no provider may be."""
        sock = super()._new_conn()  # type: ignore[misc]
        # A proxy resolves names itself, and is where the operator wants it.
        problem = "" if self.proxy else self.places.problem(sock.getpeername()[0], self.host)
        if problem:
            sock.close()
            connection: Any = self
            raise NewConnectionError(connection, f"no provider may be at {problem}")
        return sock
