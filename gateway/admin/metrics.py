"""`/metrics`, for Prometheus and whatever reads its format."""

from __future__ import annotations

import hmac

from flask import Blueprint, Request, Response, request

from gateway.services import services
from shared.api_keys.scopes import Scope

blueprint = Blueprint("metrics", __name__)


@blueprint.get("/metrics")
def metrics() -> Response:
    """Tell the figures of the cluster and of this gateway."""
    if not _has_token(request):
        services().keys.authenticate_admin(request, Scope.ADMIN_READ)
    text, content_type = services().metrics.text(request.headers.get("Accept", ""))
    return Response(text, headers={"Content-Type": content_type, "Cache-Control": "no-store"})


def _has_token(incoming: Request) -> bool:
    """Whether the request brings the metrics' own token, which opens nothing else."""
    token = services().settings.metrics_token.get_secret_value()
    scheme, _, sent = incoming.headers.get("Authorization", "").partition(" ")
    if not token or scheme.lower() != "bearer":
        return False
    return hmac.compare_digest(sent.strip().encode(), token.encode())
