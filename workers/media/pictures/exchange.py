"""One job's talk with a server that draws: calls in JSON, waiting for what it makes, its files."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import gevent
from requests import Session
from requests.exceptions import RequestException

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import bare, parse
from shared.media.result import Kept
from workers.heavy import away
from workers.providers import http
from workers.providers.answers.body import pieces
from workers.providers.answers.events import error_of_told
from workers.providers.answers.told import error_in
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.http_errors import unreachable
from workers.providers.media.answers import desk_of
from workers.providers.media.fetching import as_stranger
from workers.providers.media.multipart import CONTENT_TYPE, Form
from workers.providers.media.wholeness import whole_picture

Json = dict[str, Any]
T = TypeVar("T")

_BAD_GATEWAY: Final = 502
#: How often is asked whether something is made: first, at last, and how that grows (seconds).
_FIRST_LOOK_S: Final = 0.1
_LAST_LOOK_S: Final = 1.0
_GROWTH: Final = 1.5
#: How long a server may take to be told that nobody waits any more (seconds).
_FAREWELL_S: Final = 5.0


class Exchange:
    """Calls the API of a call's provider. Each method raises ProviderError."""

    def __init__(self, session: Session, call: ProviderCall, base_url: str) -> None:
        self.call = call
        self._session = session
        self._base_url = base_url
        self._headers = call.provider.key_headers(call.api_key)

    def get(self, path: str) -> Json:
        """Return the JSON object at a path."""
        return self._object(http.ask(self._session, self.call, self._target(path, "GET"), b""))

    def post(self, path: str, value: Json, headers: http.Pairs = ()) -> Json:
        """Post JSON and return the object that comes back."""
        return self._object(self.post_untold(path, value, headers))

    def post_untold(self, path: str, value: Json, headers: http.Pairs = ()) -> bytes:
        """Post JSON where an answer need not have a body; return what comes back."""
        target = self._target(path, "POST", headers)
        return http.ask(self._session, self.call, target, to_json_bytes(value))

    def post_form(self, path: str, form: Form) -> Json:
        """Post a form with files and return the object that comes back."""
        target = self._target(path, "POST", (("Content-Type", CONTENT_TYPE),))
        with http.answered(self._session, self.call, target, form) as response:
            body = b"".join(pieces(self.call, response))
        return self._object(body)

    def picture(self, url: str, *, with_key: bool = True) -> Kept:
        """Keep the picture at a path, or a whole URL; one that is none, or not whole, is not."""
        headers, call = (self._headers, self.call) if with_key else ((), as_stranger(self.call))
        place = url if "://" in url else f"{self._base_url}/{url}"
        target = http.Target(place, (("Accept", "image/*"), *headers), method="GET")
        with http.answered(self._session, call, target, b"") as response:
            said = response.headers.get("Content-Type")
            return keep_picture(call, pieces(call, response), said)

    def part_with(self, farewell: Callable[[], object]) -> None:
        """Tell the server in the background that nobody waits; what comes of that is no matter."""

        def say() -> None:
            try:
                with gevent.Timeout(_FAREWELL_S, exception=False):
                    farewell()
            except (ProviderError, RequestException, OSError):
                pass

        gevent.spawn(say)

    def _target(self, path: str, method: str, headers: http.Pairs = ()) -> http.Target:
        url = f"{self._base_url}/{path}"
        return http.Target(url, (*self._headers, *headers), method=method)

    def _object(self, body: bytes) -> Json:
        try:
            value = away(len(body), lambda: parse(bare(body)))
        except ValueError as exc:
            raise self.wrong("answered with something that is no JSON object") from exc
        if not isinstance(value, dict):
            raise self.wrong("answered with something that is no JSON object")
        return value

    def wrong(self, what: str) -> ProviderError:
        """Return the error of a server that did not do as it should; another try may follow."""
        return unreachable(self.call, what, _BAD_GATEWAY)

    def raise_if_told(self, value: Json) -> None:
        """Raise the error that an answer tells although its status is that of a success."""
        found = error_in(value)
        if found is not None:
            raise error_of_told(self.call, found)


def waited_for(look: Callable[[], T | None]) -> T:
    """Look, less and less often, until there is something. The attempt's own limit ends it."""
    pause_s = _FIRST_LOOK_S
    while True:
        found = look()
        if found is not None:
            return found
        gevent.sleep(pause_s)
        pause_s = min(_LAST_LOOK_S, pause_s * _GROWTH)


def keep_picture(call: ProviderCall, body: Iterable[bytes], said: str | None = None) -> Kept:
    """Keep a picture as its bytes come. Raises ProviderError for what is none, or not whole."""
    return desk_of(call).keep(whole_picture(call, body), media_type=said)
