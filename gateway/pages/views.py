"""The pages: a shell and its files. What they show, they ask of the API like any other client."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from typing import Any, Final

from flask import Blueprint, Response, redirect, render_template
from werkzeug.wrappers import Response as AnyResponse

from gateway.http.routes import Call, route
from gateway.pages.packed_files import STATIC, file_response
from gateway.pages.texts import LANGUAGE, text
from shared.dtos import catalog
from shared.dtos.service import GetPlace, GetStaticFile, NoFields

blueprint = Blueprint("pages", __name__, template_folder="templates")

#: A year (seconds): the address of a file changes with the files.
_FOREVER_S: Final = 31_536_000

#: Everything from here, no inline script or style, no frame around it (CSP Level 3).
POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "worker-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "font-src 'self'",
        "connect-src 'self'",
        "manifest-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)


@route(blueprint, catalog.HOME)
def home(_call: Call[NoFields]) -> AnyResponse:
    """Lead to the chat, under the name that AI Server gave it."""
    return redirect("/Chat")


@route(blueprint, catalog.CHAT_PAGE, slash_too=True)
def chat(_call: Call[GetPlace]) -> Response:
    """Show the chat page; its script reads the rest of the address."""
    return shell("chat")


@route(blueprint, catalog.MEDIA_PAGE, slash_too=True)
def media(_call: Call[NoFields]) -> Response:
    """Show the page for pictures, sound or transforms; its script reads which."""
    return shell("media")


@route(blueprint, catalog.ADMIN_PAGE, slash_too=True)
def admin(_call: Call[GetPlace]) -> Response:
    """Show the admin pages; their script reads the rest of the address."""
    return shell("admin")


@route(blueprint, catalog.STATIC_FILE)
def static_file(call: Call[GetStaticFile]) -> Response:
    """Serve a file of the pages."""
    response = file_response(call.request.name)
    if call.request.version == assets_version():
        response.headers["Cache-Control"] = f"public, max-age={_FOREVER_S}, immutable"
    else:
        response.headers["Cache-Control"] = "no-cache"
    return guarded(response)


@lru_cache(maxsize=1)
def assets_version() -> str:
    """Return what changes with any of the files: the head of a SHA-256 over all of them."""
    digest = hashlib.sha256()
    for path in sorted(STATIC.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(STATIC).as_posix().encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]


def shell(app: str) -> Response:
    """Return the page of one of our scripts."""
    html = rendered("shell.html", app=app, title=text(f"shell.{app}"), version=assets_version())
    response = Response(html, mimetype="text/html")
    response.headers["Cache-Control"] = "no-cache"
    return guarded(response)


def rendered(template: str, **values: Any) -> str:
    """Return a page of a template, which has its words by `text`, in the language of the pages."""
    return render_template(template, text=text, language=LANGUAGE, **values)


def guarded(response: Response) -> Response:
    """Return a page that may load nothing from elsewhere, nor be framed."""
    response.headers["Content-Security-Policy"] = POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
    return response
