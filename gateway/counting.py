"""Counts what the gateway answers and accepts, for `/metrics`: by endpoints of the catalog."""

from __future__ import annotations

import atexit
import logging
import threading
import time
from contextlib import suppress
from typing import Final

from flask import Flask, Response
from redis.exceptions import RedisError

from gateway.http.request import incoming
from gateway.http.routes import flask_name
from gateway.services import Services, services
from shared.dtos.catalog import CATALOG
from shared.named_error import named
from shared.telemetry.labels import OTHER
from shared.telemetry.tally import FLUSH_S, Tallied

log = logging.getLogger(__name__)

#: By what Flask calls a path of an endpoint, behind its blueprint: the endpoint's name.
_NAMES: Final = {flask_name(one, path): one.name for one in CATALOG for path in one.paths}


def count_answers(app: Flask) -> None:
    """Count each answer by endpoint and status. A path that is none of ours is `other`."""
    names: dict[str | None, str] = {}

    def count(response: Response) -> Response:
        rule = incoming().url_rule
        known = rule.endpoint if rule is not None else None
        name = names.get(known)
        if name is None:
            name = names[known] = _NAMES.get((known or "").partition(".")[2], OTHER)
        services().tally.add(Tallied.REQUESTS, name, str(response.status_code))
        return response

    app.after_request(count)


def keep_writing(gateway: Services) -> None:
    """Write what was counted once a second, and when the process ends."""
    threading.Thread(target=_write, args=(gateway,), name="metrics", daemon=True).start()
    atexit.register(_write_last, gateway)


def _write(gateway: Services) -> None:
    while True:
        time.sleep(FLUSH_S)
        try:
            gateway.tally.flush(gateway.redis)
        except Exception as exc:
            log.debug("metrics are written later: %s", named(exc))


def _write_last(gateway: Services) -> None:
    with suppress(RedisError):
        gateway.tally.flush(gateway.redis)
