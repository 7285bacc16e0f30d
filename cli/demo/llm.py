"""The demo LLM: an OpenAI-compatible server that is plainly none, and does what a test needs."""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.demo import answers, moderations, pictures, sounds
from cli.demo import chats as demo_chats
from cli.demo import completions as demo_completions
from cli.demo import embeddings as demo_embeddings
from cli.demo import responses as demo_responses
from cli.demo.behaviour import MODELS, Behaviour, parse_model
from cli.demo.exchange import Exchange
from cli.demo.recording import DEFAULT_KEPT, RecordedRequest, Recording
from cli.demo.reply import Reply
from cli.wsgi_thread import (
    CONNECTION,
    RAW_TARGET,
    ConnectionDropped,
    Environ,
    ServerThread,
    StartResponse,
    body_of,
    headers_of,
)
from shared.listen_address import url_host


@dataclass(frozen=True, slots=True)
class _Api:
    """How requests at one path are read and answered."""

    parse: Callable[[bytes], answers.Json]
    reply: Callable[[answers.Json, bytes | None], Reply]


_APIS = {
    "/v1/chat/completions": _Api(answers.parse_request, demo_chats.reply),
    "/v1/completions": _Api(demo_completions.parse, demo_completions.reply),
    "/v1/embeddings": _Api(demo_embeddings.parse, demo_embeddings.reply),
    "/v1/responses": _Api(demo_responses.parse, demo_responses.reply),
    "/v1/moderations": _Api(moderations.parse, moderations.reply),
    "/v1/images/generations": _Api(pictures.parse, pictures.reply),
    "/v1/images/edits": _Api(pictures.parse_edit, pictures.reply),
    "/v1/images/variations": _Api(pictures.parse_edit, pictures.reply),
    "/v1/audio/speech": _Api(sounds.parse_speech, sounds.speech),
    "/v1/audio/transcriptions": _Api(sounds.parse_transcription, sounds.transcription),
    "/v1/audio/translations": _Api(sounds.parse_transcription, sounds.transcription),
}

#: So many bytes of a sound are sent at once.
_PIECE = 8192
#: Distinct requests of `demo-flaky-…` whose failures are remembered.
_FLAKY_KEPT = 10_000


class DemoLlm:
    """The server. As a library: start(), `url` (an OpenAI base URL), `requests`, stop()."""

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        api_key: str | None = None,
        record: Path | None = None,
        kept: int = DEFAULT_KEPT,
    ) -> None:
        self.recording = Recording(kept, record)
        self._api_key = api_key
        self._failures: OrderedDict[bytes, int] = OrderedDict()
        self._server = ServerThread(self._application, host, port)

    @property
    def url(self) -> str:
        """The base URL as an OpenAI SDK takes it; known once started."""
        return f"http://{url_host(self._server.host)}:{self._server.port}/v1"

    @property
    def requests(self) -> list[RecordedRequest]:
        """The requests for answers that came in so far, oldest first."""
        return list(self.recording.requests)

    def start(self) -> DemoLlm:
        """Listen and serve; raises OSError when the address or the record can't be had."""
        self.recording.open()
        self._server.start()
        return self

    def stop(self) -> None:
        """End every connection and stop listening."""
        self._server.stop()
        self.recording.close()

    def __enter__(self) -> DemoLlm:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        headers, body, target = headers_of(environ), body_of(environ), environ[RAW_TARGET]
        connection = environ[CONNECTION]
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        api = _APIS.get(path) if method == "POST" else None
        if api is None:
            silent = Exchange(connection, start_response, RecordedRequest(target, headers, body))
            return self._other(silent, method, path, headers)
        record = self.recording.arrived(target, headers, body)
        try:
            result = self._asked(Exchange(connection, start_response, record), headers, api)
        except BaseException:
            self.recording.ended(record)
            raise
        if isinstance(result, list):
            self.recording.ended(record)
        return result

    def _other(
        self, exchange: Exchange, method: str, path: str, headers: dict[str, str]
    ) -> list[bytes]:
        if path == "/up":
            return exchange.json(200, {"status": "ok"})
        if refusal := self._refusal(headers):
            return exchange.json(401, answers.error(401, refusal))
        if method == "GET" and path == "/v1/models":
            cards = [answers.model_card(name) for name in MODELS]
            return exchange.json(200, {"object": "list", "data": cards})
        name = path.removeprefix("/v1/models/")
        if method == "GET" and name != path and parse_model(name):
            return exchange.json(200, answers.model_card(name))
        return exchange.json(404, answers.error(404, f"there is no {path} here"))

    def _refusal(self, headers: dict[str, str]) -> str | None:
        if not self._api_key or headers.get("authorization") == f"Bearer {self._api_key}":
            return None
        return "Incorrect API key provided."

    def _asked(self, exchange: Exchange, headers: dict[str, str], api: _Api) -> Iterable[bytes]:
        if refusal := self._refusal(headers):
            return exchange.json(401, answers.error(401, refusal))
        try:
            request = api.parse(exchange.record.body)
        except answers.BadRequest as exc:
            return exchange.json(400, answers.error(400, str(exc)))
        behaviour = parse_model(request["model"])
        if behaviour is None:
            message = f"The model '{request['model']}' does not exist."
            return exchange.json(404, answers.error(404, message))
        return self._behave(exchange, request, behaviour, api)

    def _behave(
        self, exchange: Exchange, request: answers.Json, behaviour: Behaviour, api: _Api
    ) -> Iterable[bytes]:
        exchange.wait(None if behaviour.hang else behaviour.delay_s or 0.0)
        if behaviour.reset:
            raise ConnectionDropped
        if status := self._failure(exchange.record.body, behaviour):
            return _fail(exchange, status)
        if behaviour.garbage:
            return exchange.raw(200, b"<html>This is not JSON {")
        try:
            reply = api.reply(request, exchange.record.body if behaviour.echo else None)
        except answers.BadRequest as exc:
            return exchange.json(400, answers.error(400, str(exc)))
        if reply.raw is not None:
            return self._sound(exchange, reply.raw, reply.content_type, behaviour.word_s)
        if str(request.get("stream")).lower() == "true":
            return self._stream(exchange, reply, behaviour.word_s)
        if behaviour.delay_s is None:
            exchange.wait(behaviour.word_s * reply.words)
        return exchange.json(200, reply.whole)

    def _failure(self, body: bytes, behaviour: Behaviour) -> int | None:
        """Return the HTTP status with which this request is to fail now, if it is."""
        if behaviour.flaky_times:
            key = hashlib.sha256(body).digest()
            failed = self._failures.pop(key, 0)
            self._failures[key] = failed + 1
            if len(self._failures) > _FLAKY_KEPT:
                self._failures.popitem(last=False)
            if failed < behaviour.flaky_times:
                return behaviour.fail_status or 500
            return None
        return behaviour.fail_status

    def _sound(
        self, exchange: Exchange, raw: bytes, content_type: str, word_s: float
    ) -> Iterator[bytes]:
        """Send bytes as fast as words would come."""
        exchange.begin(200, content_type=content_type)
        try:
            for start in range(0, len(raw), _PIECE):
                yield raw[start : start + _PIECE]
                exchange.wait(word_s)
        finally:
            self.recording.ended(exchange.record)

    def _stream(self, exchange: Exchange, reply: Reply, word_s: float) -> Iterator[bytes]:
        exchange.begin(200, content_type="text/event-stream", cache_control="no-cache")
        exchange.record.finished = False
        try:
            for event in reply.events:
                yield event.wire
                if event.pauses:
                    exchange.wait(word_s)
            exchange.record.finished = True
        finally:
            self.recording.ended(exchange.record)


def _fail(exchange: Exchange, status: int) -> list[bytes]:
    headers = {"retry_after": "1"} if status in {429, 503} else {}
    message = f"ReplyTo's demo LLM fails with {status}, as the model's name asks."
    return exchange.json(status, answers.error(status, message), **headers)
