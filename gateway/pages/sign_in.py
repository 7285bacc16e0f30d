"""Sign in and out of the pages: `/session`, made, told and ended."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, request

from gateway.auth.sessions import SESSION_S, Session, cookie_of, token_of
from gateway.http.local_request import is_local_page
from gateway.http.request import incoming
from gateway.http.response import JsonResponse, nothing
from gateway.http.routes import Call, route
from gateway.server.client_network import network_of
from gateway.services import Services
from shared.api_keys.principal import Principal
from shared.api_keys.record import digest
from shared.codecs.json_text import parse_document
from shared.dtos import catalog
from shared.dtos.service import GetSession, SessionResponse, SignOut
from shared.errors import InvalidApiKey, MalformedJson, Unauthenticated

blueprint = Blueprint("sign_in", __name__)

#: Most bytes of a sign-in: a key has some fifty.
_MOST_BYTES: Final = 4096


@route(blueprint, catalog.GET_SESSION)
def tell(call: Call[GetSession]) -> Response:
    """Say who is signed in, with the token that changes need; 401 when nobody is.

    Where the pages are open, somebody always is.
    """
    gateway = call.services
    token = token_of(request)
    key_digest = gateway.auth.sessions.key_digest(request)
    if token and key_digest:
        return _who(gateway, gateway.auth.keys.of_digest(key_digest), Session(token))
    if gateway.settings.pages_open and is_local_page(request):
        key = digest(gateway.settings.api_key.get_secret_value())
        return _begin(gateway, key, gateway.auth.sessions.begin_open())
    raise Unauthenticated("Sign in with an API key.")


@route(blueprint, catalog.SIGN_IN, read=lambda: None)
def sign_in(call: Call[None]) -> Response:
    """Begin a session for the key in `{"key": …}`. Raises InvalidApiKey, TooManySignIns."""
    gateway, address = call.services, network_of(request.remote_addr or "")
    gateway.auth.sessions.check_throttle(address)
    key = _given_key()
    if not isinstance(key, str) or not key.strip():
        raise Unauthenticated('Give the key as {"key": "ak-…"}.', field="key")
    try:
        return _sign_in(gateway, digest(key.strip()))
    except InvalidApiKey:
        gateway.auth.sessions.note_failure(address)
        raise


def _given_key() -> object:
    """Return what the body gives as the key. JSON alone: no form of another site can send that."""
    if not request.is_json:
        return None
    try:
        asked = incoming()
        asked.max_content_length = _MOST_BYTES
        _, body = parse_document(asked.body)
    except MalformedJson:
        return None
    return body.get("key") if isinstance(body, dict) else None


@route(blueprint, catalog.SIGN_OUT)
def sign_out(call: Call[SignOut]) -> Response:
    """End the session."""
    call.services.auth.sessions.end(request)
    response = nothing()
    response.delete_cookie(cookie_of(request), httponly=True, samesite="Strict")
    return response


def _sign_in(gateway: Services, key_digest: str) -> Response:
    # Before there is a session: of a key that is none nothing is kept.
    gateway.auth.keys.of_digest(key_digest)
    return _begin(gateway, key_digest, gateway.auth.sessions.begin(key_digest))


def _begin(gateway: Services, key_digest: str, session: Session) -> Response:
    response = _who(gateway, gateway.auth.keys.of_digest(key_digest), session)
    response.set_cookie(
        cookie_of(request),
        session.token,
        max_age=SESSION_S,
        httponly=True,
        samesite="Strict",
        secure=_is_https(gateway),
    )
    return response


def _who(gateway: Services, principal: Principal, session: Session) -> Response:
    told = SessionResponse(
        owner=principal.owner,
        is_admin=principal.is_admin,
        scopes=sorted(principal.scopes),
        csrf_token=session.csrf_token,
        max_body_bytes=gateway.settings.max_body_bytes,
        currency=gateway.settings.currency,
    )
    response = JsonResponse(told.to_json())
    response.headers["Cache-Control"] = "no-store"
    return response


def _is_https(gateway: Services) -> bool:
    return request.is_secure or (gateway.settings.base_url or "").startswith("https:")
