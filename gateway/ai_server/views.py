"""A greeting, counts for an overview, and a picture of a model."""

from __future__ import annotations

import hashlib
from typing import Final

from flask import Blueprint, Response
from markupsafe import escape

from gateway.http.routes import Call, route
from shared.dtos import catalog
from shared.dtos.service import (
    AdminData,
    AdminDataResponse,
    GetModelImage,
    Hello,
    HelloResponse,
    PageStats,
)
from shared.history.query import JobFilter

blueprint = Blueprint("ai_server", __name__)

_IMAGE: Final = """\
<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64" role="img"><title>{title}</title>\
<rect width="64" height="64" rx="14" fill="hsl({hue} 45% 40%)"/><text x="32" y="33" fill="#fff" \
font-family="system-ui,sans-serif" font-size="28" font-weight="600" text-anchor="middle" \
dominant-baseline="central">{initials}</text></svg>"""


@route(blueprint, catalog.HELLO)
def hello(call: Call[Hello]) -> HelloResponse:
    """Greet."""
    return HelloResponse(result=f"Hello, {call.request.name}!")


@route(blueprint, catalog.ADMIN_DATA)
def admin_data(call: Call[AdminData]) -> AdminDataResponse:
    """Count what there is."""
    gateway = call.services
    counts = {
        "AiProviders": len(gateway.registry.providers),
        "AiModels": len(gateway.registry.known_models),
        "Jobs": gateway.lists.queries.count(JobFilter()),
    }
    return AdminDataResponse(page_stats=[PageStats(label=n, total=t) for n, t in counts.items()])


@route(blueprint, catalog.MODEL_IMAGE)
def model_image(call: Call[GetModelImage]) -> Response:
    """Draw a model's initials, of any name: nobody learns which models there are."""
    name = call.request.model
    last = name.rsplit("/", 1)[-1]
    initials = "".join(filter(str.isalnum, last))[:2].upper() or "?"
    hue = int(hashlib.sha256(name.encode("utf-8", "replace")).hexdigest(), 16) % 360
    text = _IMAGE.format(title=escape(name), hue=hue, initials=escape(initials))
    answer = Response(text.encode("utf-8", "replace"), mimetype="image/svg+xml")
    answer.headers["Cache-Control"] = "public, max-age=86400"
    answer.headers["Content-Security-Policy"] = "default-src 'none'"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
