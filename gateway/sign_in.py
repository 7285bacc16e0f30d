"""Sign in and out of the pages: `/session`, made, told and ended."""

from __future__ import annotations

from urllib.parse import urlsplit

from flask import Blueprint, Response, jsonify, request

from gateway.incoming_request import incoming
from gateway.principal import Principal
from gateway.services import Services, services
from gateway.sessions import COOKIE, SESSION_S, Session
from shared.api_keys.record import digest
from shared.errors import InvalidApiKey, MalformedJson, Unauthenticated
from shared.json_text import parse_document
from shared.listen_address import is_loopback

blueprint = Blueprint("sign_in", __name__)


@blueprint.get("/session")
def tell() -> Response:
    """Say who is signed in, with the token that changes need; 401 when nobody is.

    Where the pages are open, somebody always is.
    """
    gateway = services()
    token = request.cookies.get(COOKIE)
    key_digest = gateway.sessions.key_digest(request)
    if token and key_digest:
        return _who(gateway.keys.of_digest(key_digest), Session(token))
    if gateway.settings.pages_open and _is_local_page():
        return _begin(gateway, gateway.settings.api_key.get_secret_value())
    raise Unauthenticated("Sign in with an API key.")


@blueprint.post("/session")
def sign_in() -> Response:
    """Begin a session for the key in `{"key": …}`. Raises InvalidApiKey, TooManySignIns."""
    gateway, address = services(), request.remote_addr or ""
    gateway.sessions.check_throttle(address)
    key = _given_key()
    if not isinstance(key, str) or not key.strip():
        raise Unauthenticated('Give the key as {"key": "ak-…"}.', field="key")
    try:
        return _begin(gateway, key.strip())
    except InvalidApiKey:
        gateway.sessions.note_failure(address)
        raise


def _given_key() -> object:
    """Return what the body gives as the key. JSON alone: no form of another site can send that."""
    if not request.is_json:
        return None
    try:
        _, body = parse_document(incoming().body)
    except MalformedJson:
        return None
    return body.get("key") if isinstance(body, dict) else None


@blueprint.delete("/session")
def sign_out() -> Response:
    """End the session."""
    services().sessions.end(request)
    response = Response(status=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="Strict")
    return response


def _begin(gateway: Services, key: str) -> Response:
    principal = gateway.keys.of_digest(digest(key))
    session = gateway.sessions.begin(digest(key))
    response = _who(principal, session)
    response.set_cookie(
        COOKIE,
        session.token,
        max_age=SESSION_S,
        httponly=True,
        samesite="Strict",
        secure=_is_https(gateway),
    )
    return response


def _who(principal: Principal, session: Session) -> Response:
    response = jsonify(
        owner=principal.owner,
        isAdmin=principal.is_admin,
        scopes=sorted(principal.scopes),
        csrfToken=session.csrf_token,
    )
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_https(gateway: Services) -> bool:
    return request.is_secure or (gateway.settings.base_url or "").startswith("https:")


def _is_local_page() -> bool:
    """Whether a page of ours on this very machine asks: not one that a name was bent to us for."""
    site = request.headers.get("Sec-Fetch-Site")
    return (
        is_loopback(request.remote_addr or "")
        and is_loopback(urlsplit(f"//{request.host}").hostname or "")
        and site in (None, "same-origin")
    )
