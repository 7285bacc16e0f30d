"""Files as operators see them: what is stored, and for whom."""

from __future__ import annotations

from flask import Blueprint

from gateway.http.routes import Call, route
from shared.artifacts.survey import FileRow, Survey
from shared.codecs.moments import iso_date
from shared.dtos import catalog
from shared.dtos.media.files import (
    ArtifactRow,
    GetStorage,
    GetStorageResponse,
    QueryArtifacts,
    QueryArtifactsResponse,
    StorageRow,
)
from shared.store.clock import unix_ms

blueprint = Blueprint("file_survey", __name__)


@route(blueprint, catalog.GET_STORAGE)
def storage(call: Call[GetStorage]) -> GetStorageResponse:
    """Tell who has how much."""
    found, total = Survey(call.services.database).storage(call.request.take)
    return GetStorageResponse(
        results=[StorageRow(owner=one.owner, bytes=one.size_bytes) for one in found],
        bytes=total,
        quota_bytes=call.services.settings.storage_quota_bytes or None,
    )


@route(blueprint, catalog.QUERY_ARTIFACTS)
def artifacts(call: Call[QueryArtifacts]) -> QueryArtifactsResponse:
    """List files, the latest first. What their owners call them is for admins."""
    asked, by_name = call.request, call.principal.is_admin
    found = Survey(call.services.database).files(asked.owner, asked.skip, asked.take, unix_ms())
    rows = [_row(one, one.name if by_name else one.id) for one in found]
    return QueryArtifactsResponse(offset=asked.skip, results=rows)


def _row(one: FileRow, name: str) -> ArtifactRow:
    return ArtifactRow(
        id=one.id,
        owner=one.owner,
        name=name,
        media_type=one.media_type,
        size=one.size_bytes,
        purpose=one.purpose,
        created_date=iso_date(one.created_ms),
        expires_date=iso_date(one.expires_ms) if one.expires_ms is not None else None,
    )
