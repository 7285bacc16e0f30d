"""Compares a gateway with the other processes: before it serves, and as long as it does."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

from shared.database.database import Database
from shared.machines.database_id import OwnFingerprints
from shared.machines.identity import check_at_start
from shared.machines.self_check import SelfCheck
from shared.settings import Settings
from shared.store import client as redis_client

if TYPE_CHECKING:
    # Views and all they need are imported in gunicorn's worker, which gevent has patched.
    from gateway.services import Services


def check_gateway(settings: Settings) -> None:
    """Compare before the first request. Raises SettingsError."""
    client = redis_client.connect(
        settings.redis_address, timeout_s=redis_client.GATEWAY_TIMEOUT_S, name="replyto-start"
    )
    database = Database(settings.effective_database_url)
    try:
        check_at_start(settings, client, OwnFingerprints(settings, database)())
    finally:
        # What is forked from here makes connections of its own.
        database.close()
        client.connection_pool.disconnect()


def keep_checking(services: Services) -> None:
    """Compare as long as the process runs."""
    own = OwnFingerprints(services.settings, services.database)
    name = f"gateway@{socket.gethostname()} ({os.getpid()})"
    SelfCheck(services.redis, name, own, more=services.prices.problem).start()
