"""`/metrics`, for Prometheus and whatever reads its format."""

from __future__ import annotations

import hmac

from flask import Blueprint, Request, Response, request

from gateway.http.routes import Call, route
from gateway.services import services
from shared.dtos import catalog
from shared.dtos.service import GetMetrics

blueprint = Blueprint("metrics", __name__)


def _has_token(incoming: Request) -> bool:
    """Whether the request brings the metrics' own token, which opens nothing else."""
    token = services().settings.metrics_token.get_secret_value()
    scheme, _, sent = incoming.headers.get("Authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(sent.strip().encode(), token.encode())


@route(blueprint, catalog.METRICS, open_to=_has_token)
def metrics(call: Call[GetMetrics]) -> Response:
    """Tell the figures of the cluster and of this gateway."""
    text, content_type = call.services.metrics.text(request.headers.get("Accept", ""))
    return Response(text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})
