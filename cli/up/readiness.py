"""Whether the processes of `replyto up` can do their work: what they themselves say."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping

import redis

from cli.up.processes import node_name
from shared.telemetry.workers import WorkerBook

_TIMEOUT_S = 1.0


def gateway_is_up(host: str, port: int) -> bool:
    """Tell whether GET /up answers 200."""
    return _get(host, port, "/up")[0] == http.HTTPStatus.OK


def listed_models(host: str, port: int, api_key: str) -> list[str]:
    """Return the models that the gateway lists; none when it does not answer."""
    _, body = _get(host, port, "/v1/models", {"authorization": f"Bearer {api_key}"})
    try:
        return [str(card["id"]) for card in json.loads(body)["data"]]
    except (ValueError, KeyError, TypeError):
        return []


def workers_not_up(client: redis.Redis, pids: Mapping[str, int]) -> set[str]:
    """Return those of the workers (name → pid) that have not announced themselves."""
    # Under the same name there may be an earlier process in the book: the pid tells.
    up = {(one.worker.name, one.worker.pid) for one in WorkerBook(client).read().live}
    return {name for name, pid in pids.items() if (node_name(name), pid) not in up}


def _get(
    host: str, port: int, path: str, headers: Mapping[str, str] | None = None
) -> tuple[int, bytes]:
    """GET a path of the gateway; status 0 when it does not answer."""
    connection = http.client.HTTPConnection(host, port, timeout=_TIMEOUT_S)
    try:
        connection.request("GET", path, headers=dict(headers or {}))
        response = connection.getresponse()
        return response.status, response.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()
