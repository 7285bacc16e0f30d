"""Answers that come as events, or in pieces: told on within bounds, and whole or an error."""

from __future__ import annotations

import base64
import json
from collections.abc import Generator, Iterable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import requests

from cli.wsgi_thread import ConnectionDropped, Environ, StartResponse
from shared.media import result
from shared.media.request import FileRef
from shared.operation import Operation
from shared.providers.provider import Provider
from tests.support.drawing import FakeDesk
from tests.support.servers.fake_server import FakeOpenAi
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.openai import OpenAiDialect

EVENTS = "text/event-stream"

#: A picture by its first bytes, and two made of it.
PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 20
PARTIAL, WHOLE = PNG + b"p0", PNG + b"wholeIEND\xaeB`\x82"


class Server(FakeOpenAi):
    """Answers with what it was told; None in the pieces breaks the connection."""

    kind = EVENTS
    pieces: tuple[bytes | None, ...] = ()
    #: What is at other paths, and how often that was asked for.
    picture = b""
    fetched = 0

    def _application(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        if environ["REQUEST_METHOD"] == "GET":
            self.fetched += 1
            start_response("200 OK", [("Content-Type", "image/png")])
            yield self.picture
            return
        start_response("200 OK", [("Content-Type", self.kind)])
        for piece in self.pieces:
            if piece is None:
                raise ConnectionDropped
            yield piece


class Desk(FakeDesk):
    """Has files of any size."""

    def open(self, file: FileRef) -> Generator[bytes, None, None]:
        yield b"x" * file.size


@pytest.fixture
def server() -> Iterator[Server]:
    server = Server()
    server.start()
    yield server
    server.stop()


class Asked:
    """One call, what it told on its way, and what it kept."""

    def __init__(self, server: Server, operation: Operation, most: int = 1000) -> None:
        self.told: list[Any] = []
        self.desk, self.passing = Desk(), Desk()
        about = {"name": "p", "base_url": server.url, "models": {"m": "m"}}
        body = {"model": "m", "input": "four", "prompt": "p"}
        self.call = ProviderCall(
            provider=Provider.model_validate(about),
            body=json.dumps(body).encode(),
            api_key=None,
            connect_timeout_s=5,
            timeout_s=10,
            operation=operation,
            desk=self.desk,
            passing_desk=self.passing,
            live=lambda chunk: self.told.append(json.loads(chunk)),
            live_max_bytes=most,
        )

    def answer(self) -> Any:
        with requests.Session() as session:
            return json.loads(OpenAiDialect().ask(session, self.call))


def event(**value: Any) -> bytes:
    return b"data: " + json.dumps(value).encode() + b"\n\n"


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def test_bytes_of_a_sound_are_told_up_to_the_bound_and_kept_whole(server: Server) -> None:
    server.kind, server.pieces = "audio/mpeg", (b"abcd", b"efgh", b"ij")
    asked = Asked(server, Operation.SPEECH, most=6)
    answer = asked.answer()
    heard = b"".join(base64.b64decode(one["audio"]) for one in asked.told)
    assert (heard, asked.desk.kept) == (b"abcdef", [b"abcdefghij"])
    assert asked.told[0]["$type"] == "audio/mpeg"
    assert (answer[result.LIVE], answer[result.USAGE]) == (6, {"characters": 4})
    assert result.LIVE not in json.loads(result.shown(json.dumps(answer).encode()))


def test_nothing_is_told_where_nobody_follows(server: Server) -> None:
    server.kind, server.pieces = "audio/mpeg", (b"abcd",)
    asked = Asked(server, Operation.SPEECH)
    asked.call = replace(asked.call, live=None)
    assert result.LIVE not in asked.answer()


def test_a_sound_in_events_is_kept_as_its_bytes(server: Server) -> None:
    usage = {"total_tokens": 3}
    server.pieces = (
        event(type="speech.audio.delta", audio=encoded(b"abc")),
        event(type="speech.audio.delta", audio=encoded(b"de")),
        event(type="speech.audio.done", usage=usage),
    )
    asked = Asked(server, Operation.SPEECH)
    answer = asked.answer()
    assert asked.desk.kept == [b"abcde"]
    assert answer["usage"] == usage


@pytest.mark.parametrize(
    ("operation", "pieces"),
    [
        pytest.param(
            Operation.SPEECH,
            (event(type="speech.audio.delta", audio=encoded(b"abc")),),
            id="a sound without its end",
        ),
        pytest.param(Operation.SPEECH, (event(type="speech.audio.done"),), id="no sound"),
        pytest.param(
            Operation.IMAGE,
            (event(type="image_generation.partial_image", b64_json=encoded(PARTIAL)),),
            id="a partial picture alone",
        ),
        pytest.param(Operation.IMAGE, (b"data: [DONE]\n\n",), id="nothing"),
        pytest.param(Operation.IMAGE, (b"data: {\n\n",), id="no JSON"),
        pytest.param(
            Operation.TRANSCRIPTION,
            (event(type="transcript.text.delta", delta="a"), None),
            id="a text that breaks off",
        ),
        pytest.param(
            Operation.TRANSCRIPTION,
            (
                event(type="transcript.text.delta", delta="a"),
                event(type="error", error={"message": "out of breath"}),
            ),
            id="an error",
        ),
    ],
)
def test_what_is_not_whole_is_no_answer(
    server: Server, operation: Operation, pieces: tuple[bytes | None, ...]
) -> None:
    server.pieces = pieces
    with pytest.raises(ProviderError):
        Asked(server, operation).answer()


def test_a_partial_picture_is_told_as_a_reference(server: Server) -> None:
    server.pieces = (
        event(
            type="image_generation.partial_image", b64_json=encoded(PARTIAL), partial_image_index=0
        ),
        event(
            type="image_generation.completed",
            b64_json=encoded(WHOLE),
            created_at=7,
            size="1x1",
            usage={"total_tokens": 1},
        ),
    )
    asked = Asked(server, Operation.IMAGE)
    answer = asked.answer()
    [told] = asked.told
    assert told["partial_image_index"] == 0
    assert "b64_json" not in told
    assert (asked.passing.kept, asked.desk.kept) == ([PARTIAL], [WHOLE])
    assert (answer["created"], answer["size"], len(answer["data"])) == (7, "1x1", 1)
    assert answer[result.USAGE] == {"images": 1}


@pytest.mark.parametrize(
    "text",
    ["", "@@@@", encoded(b"out of memory"), encoded(b"<html>no</html>"), encoded(b'{"error":1}')],
)
def test_a_partial_picture_that_is_none_is_left_out(server: Server, text: str) -> None:
    server.pieces = (
        event(type="image_generation.partial_image", b64_json=text, partial_image_index=0),
        event(type="image_generation.completed", b64_json=encoded(WHOLE), created_at=7),
    )
    asked = Asked(server, Operation.IMAGE)
    assert len(asked.answer()["data"]) == 1
    assert (asked.told, asked.passing.kept, asked.desk.kept) == ([], [], [WHOLE])


def test_a_transcript_is_told_as_it_comes(server: Server) -> None:
    segment = {"id": "s", "start": 0.0, "end": 1.0, "text": "a b", "speaker": "A"}
    server.pieces = (
        event(type="transcript.text.delta", delta="a "),
        event(type="transcript.text.delta", delta="b"),
        event(type="transcript.text.segment", **segment),
        event(type="transcript.text.done", text="a b", usage={"type": "duration", "seconds": 2}),
    )
    asked = Asked(server, Operation.TRANSCRIPTION)
    answer = asked.answer()
    assert [one["type"].rpartition(".")[2] for one in asked.told] == ["delta", "delta", "segment"]
    assert (answer["text"], answer["segments"]) == ("a b", [segment])
    assert answer[result.USAGE] == {"audio_ms": 2000}


def test_parts_without_a_name_are_deltas(server: Server) -> None:
    server.pieces = (event(text="a "), event(text="b"), b"data: [DONE]\n\n")
    asked = Asked(server, Operation.TRANSCRIPTION)
    assert asked.answer()["text"] == "a b"
    assert [one["delta"] for one in asked.told] == ["a ", "b"]


def test_a_whole_answer_is_taken_where_a_stream_was_wanted(server: Server) -> None:
    server.kind = "application/json"
    server.pieces = (json.dumps({"created": 1, "data": [{"b64_json": encoded(WHOLE)}]}).encode(),)
    asked = Asked(server, Operation.IMAGE)
    assert len(asked.answer()["data"]) == 1
    assert asked.told == []


def named(url: str) -> bytes:
    return json.dumps({"created": 1, "data": [{"url": url}]}).encode()


def test_a_picture_that_the_provider_has_at_its_own_place_is_kept(server: Server) -> None:
    server.kind, server.picture = "application/json", WHOLE
    server.pieces = (named(f"{server.url}/pictures/1.png"),)
    asked = Asked(server, Operation.IMAGE)
    [item] = asked.answer()["data"]
    assert item[result.ARTIFACT]["id"] == "file-1"
    assert asked.desk.kept == [WHOLE]


def test_what_is_no_picture_is_not_kept_and_its_link_stays(server: Server) -> None:
    server.kind, server.picture = "application/json", b"<svg onload=alert(1)>"
    link = f"{server.url}/pictures/1.png"
    server.pieces = (named(link),)
    asked = Asked(server, Operation.IMAGE)
    assert asked.answer()["data"] == [{"url": link}]


@pytest.mark.parametrize("url", ["", "file:///etc/passwd", "http://169.254.169.254/latest", "//x"])
def test_no_other_place_near_the_worker_is_asked(server: Server, url: str) -> None:
    server.kind, other = "application/json", Server()
    other.start()
    try:
        server.pieces = (named(url or f"{other.url}/secret.png"),)
        answer = Asked(server, Operation.IMAGE).answer()
    finally:
        other.stop()
    assert result.ARTIFACT not in answer["data"][0]
    assert other.fetched == 0
