"""What one client may have of a gateway process: connections, time, bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from shared.settings import Settings


@dataclass(frozen=True, slots=True)
class Limits:
    """Times in seconds, sizes in bytes. `per_address` 0: no limit for one address alone."""

    connections: int = 10_000
    per_address: int = 6_000
    head_s: float = 30.0
    idle_s: float = 75.0
    body_s: float = 30.0
    send_s: float = 60.0
    bytes_per_s: int = 1024
    #: What is still read of a request that has been answered, and for how long.
    rest_bytes: int = 65_536
    rest_s: float = 2.0
    #: Most bytes of answers that clients have not taken yet, and of bodies that are on their way:
    #: of all connections together.
    owed_bytes: int = 512 * 1024 * 1024

    @classmethod
    def of(cls, settings: Settings, open_files: int) -> Self:
        """Return what the settings say, as far as this process may open files."""
        return cls(
            connections=min(settings.connection_limit, max(open_files // 2, open_files - 1000)),
            # Behind a proxy, all clients have its address.
            per_address=0 if settings.trusted_proxies else settings.address_connection_limit,
            head_s=settings.head_timeout_s,
            idle_s=settings.idle_timeout_s,
            body_s=settings.body_timeout_s,
            send_s=settings.send_timeout_s,
            bytes_per_s=settings.least_bytes_per_s,
        )
