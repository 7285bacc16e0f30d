"""Does the requests of a batch as if each had come by itself, one after the other."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

from flask import Response, current_app

from gateway.batch.items import Item
from gateway.batch.outcome import Stopped
from gateway.http.request import incoming
from gateway.http.routes import Call
from shared.codecs.half_characters import whole
from shared.dtos.endpoint import Endpoint
from shared.errors import ValidationFailed
from shared.wire.naming import fold

#: What the array's request says of itself and not of its items.
_OWN: Final = ("HTTP_CONTENT_ENCODING", "HTTP_TRANSFER_ENCODING", "wsgi.input_terminated")


class Failed(Exception):
    """A request was answered with a failure."""

    def __init__(self, answer: Response) -> None:
        super().__init__(answer.status)
        self.answer = answer


def do_all(
    call: Call[Sequence[Item]], endpoint: Endpoint[Any], group_id: str = ""
) -> Iterator[bytes]:
    """Do the requests in their order; give each answer when it is there.

    Raises Stopped for the first that fails, before any is done if it is one that says nothing that
    the endpoint could do.
    """
    for index, item in enumerate(call.request):
        try:
            _check(item, endpoint)
        except ValidationFailed as exc:
            raise Stopped(index, exc) from exc
    for index, item in enumerate(call.request):
        answer = _do(item, endpoint, group_id)
        if answer.status_code >= 400:  # noqa: PLR2004 - HTTP's own border
            raise Stopped(index, Failed(answer))
        yield answer.get_data() or b"{}"


def _check(item: Item, endpoint: Endpoint[Any]) -> None:
    if not isinstance(item.value, dict):
        raise ValidationFailed("Each request of a batch must be a JSON object.")
    if endpoint.streams and any(fold(n) == "stream" and v is True for n, v in item.value.items()):
        raise ValidationFailed("stream must be false: a batch is answered whole.", field="stream")
    if not endpoint.large:
        # Calls of models are read by their own readers.
        endpoint.request.bind(whole(item.value) if "\\u" in item.text else item.value)


def _do(item: Item, endpoint: Endpoint[Any], group_id: str) -> Response:
    """Answer one request, in a context of its own, by the way that it would come alone."""
    body = item.text.encode()
    outer = incoming().environ
    environ = {name: value for name, value in outer.items() if not _is_of_the_array(name)}
    environ |= {
        "REQUEST_METHOD": "POST",
        "PATH_INFO": endpoint.path,
        "QUERY_STRING": "",
        "CONTENT_TYPE": "application/json",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.input": io.BytesIO(body),
    }
    app = current_app._get_current_object()  # type: ignore[attr-defined]  # noqa: SLF001
    with app.request_context(environ):
        incoming().group_id = group_id
        answer: Response = app.full_dispatch_request()
        answer.get_data()
        return answer


def _is_of_the_array(name: str) -> bool:
    return name in _OWN or name.startswith(("werkzeug.", "flask."))
