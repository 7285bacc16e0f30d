"""The group of an array's jobs: the one that its request names, or one of its own."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any, Final, NamedTuple

from flask import Response

from gateway.batch.items import Item
from gateway.services import Services
from shared.dtos.endpoint import Endpoint
from shared.groups.store import GroupStore
from shared.wire.group_id import read_group_id
from shared.wire.naming import fold

_HEADER: Final = "X-AutoBatch-Group"


class Group(NamedTuple):
    """A group; its id is empty when the array makes no jobs."""

    id: str
    #: Whether the request names it: then its owner closes it.
    is_named: bool
    #: Whether this array came before, and made it.
    was_there: bool = False


def group_for(
    gateway: Services,
    owner: str,
    endpoint: Endpoint[Any],
    named: str | None,
    items: Sequence[Item],
) -> Group:
    """Return the group of an array of requests of this endpoint. Raises ValidationFailed.

    An array that comes again, because its answer was lost, has the same group.
    """
    group_id = read_group_id(named)
    if group_id or not endpoint.is_queued:
        return Group(group_id, is_named=True)
    if not all(names := [_ref_id(item.value) for item in items]):
        return Group(f"auto_{secrets.token_hex(12)}", is_named=False)
    digest = hashlib.sha256(json.dumps(names).encode()).hexdigest()
    group_id = f"auto_{digest[:24]}"
    found = GroupStore(gateway.redis, gateway.settings).find(owner, group_id)
    if found is not None and found.over_ms:
        # Its jobs may be gone; those that are made anew have another end.
        group_id = f"auto_{secrets.token_hex(12)}"
    return Group(group_id, is_named=False, was_there=found is not None and not found.over_ms)


def _ref_id(value: object) -> object:
    if not isinstance(value, dict):
        return None
    return value.get("refId") or next((v for k, v in value.items() if fold(k) == "refid"), None)


def with_group(response: Response, gateway: Services, owner: str, group: Group) -> Response:
    """Name the group that jobs have joined, and close it if nobody else can know of it."""
    if group.id:
        fields = {} if group.is_named else {"closed": "1"}
        if GroupStore(gateway.redis, gateway.settings).put(owner, group.id, fields):
            response.headers.add(_HEADER, group.id)
    return response
