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
        # A proxy resolves names itself, and is where the operator wants it, or an admin of
        # providers: so it may be private, but is nowhere where clouds tell their secrets.
        places = self.places.of_proxies if self.proxy else self.places
        problem = places.problem(sock.getpeername()[0], self.host)
        if problem:
            sock.close()
            connection: Any = self
            raise NewConnectionError(connection, f"no provider may be at {problem}")
        return sock


def pool_classes(
    places: ProviderPlaces, http: tuple[type, type], https: tuple[type, type]
) -> dict[str, Any]:
    """Return urllib3's classes of pools by scheme, whose connections go to these places only.

    Each scheme has a class of pools and one of connections, which is `Judged`.
    """

    def going_there(pool: type, connection: type) -> type:
        judged = type(connection.__name__, (connection,), {"places": places})
        return type(pool.__name__, (pool,), {"ConnectionCls": judged})

    return {"http": going_there(*http), "https": going_there(*https)}
