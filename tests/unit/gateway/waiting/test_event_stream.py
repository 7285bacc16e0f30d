"""Server-sent events of a job: ids, resuming, keep-alive, and every way to end."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

import pytest
import redis

from gateway.services import Services, services
from gateway.waiting.chunk_reader import Follower
from gateway.waiting.event_stream import EventStream, Place, parse_event_id
from shared.errors import Failure, ValidationFailed
from shared.jobs.failures import CANCELLED
from shared.jobs.moves import Claim, Result
from shared.ledger.chunk_store import START, Batch, ChunkStore
from shared.ledger.job_store import JobStore
from shared.settings import Settings
from shared.store import redis_keys as keys
from tests.support import gateway_client
from tests.support.factories import new_job

BROKEN = Result.failure(Failure(502, "server_error", "stream_broken", "It broke."))
#: Looks of half a second each in ten seconds of silence.
TEN_SECONDS = 20


class _Unhurried(Follower):
    """Waits for nothing, and lets the test act at each look."""

    def __init__(self, job_id: int, after: str, reader: FakeReader) -> None:
        super().__init__(job_id, after, reader.store)
        self._reader = reader

    def next(self, timeout_s: float) -> list[Any]:
        if not timeout_s:
            return super().next(0)
        self._reader.looks += 1
        assert self._reader.looks < 1000, "it would wait for ever"
        if self._reader.acts:
            self._reader.acts.pop(0)()
        if self._reader.works:
            for entry in self._reader.store.read_from(self.job_id, self.last):
                self.put(entry)
        return super().next(0.0001)


@dataclass
class FakeReader:
    """Reads when a follower looks."""

    store: ChunkStore
    acts: list[Any] = field(default_factory=list)
    works: bool = True
    looks: int = 0
    followed: list[str] = field(default_factory=list)

    @contextmanager
    def follow(self, job_id: int, after: str = START) -> Iterator[Follower]:
        self.followed.append(after)
        yield _Unhurried(job_id, after, self)
        self.followed.pop()


@dataclass(frozen=True)
class Scene:
    """A streamed job that runs, and a gateway at which somebody follows it."""

    services: Services
    reader: FakeReader
    claim: Claim

    @property
    def jobs(self) -> JobStore:
        return self.services.jobs

    def append(self, number: int, *chunks: bytes) -> None:
        batch = Batch(self.claim.id, self.claim.attempt, number, chunks)
        assert self.services.waiting.chunks.append([batch]) == [True]

    def end(self, result: Result | None = None) -> None:
        self.jobs.execute(self.claim.id, 1, result or Result.response(b"{}"))

    def entry_ids(self) -> list[str]:
        return [entry.id for entry in self.services.waiting.chunks.read_from(self.claim.id, START)]

    def stream(self, place: Place | None = None, **options: Any) -> EventStream:
        options.setdefault("client_left", lambda: False)
        return EventStream(self.services, self.claim.id, place or Place(), **options)

    def read(self, place: Place | None = None, **options: Any) -> list[tuple[str | None, bytes]]:
        return events(b"".join(self.stream(place, **options).events()))


@pytest.fixture
def scene(fake_redis: redis.Redis, settings: Settings) -> Scene:
    app = gateway_client.build(fake_redis, settings).client.application
    with app.app_context():
        built = services()
    reader = FakeReader(built.waiting.chunks)
    job_id = built.jobs.accept(new_job(streamed=True)).id
    claim = built.jobs.claim(job_id, "chat.m", 5, "w1")
    assert claim is not None
    waiting = replace(built.waiting, chunk_reader=reader)  # type: ignore[arg-type]
    return Scene(replace(built, waiting=waiting), reader, claim)


def events(text: bytes) -> list[tuple[str | None, bytes]]:
    """Return (id, data) of each event, and (None, comment) of each comment."""
    found = []
    for block in text.decode().split("\n\n")[:-1]:
        fields = dict(line.split(": ", 1) for line in block.split("\n"))
        found.append((fields.get("id"), (fields.get("data") or fields[""]).encode()))
    return found


def datas(read: list[tuple[str | None, bytes]]) -> list[bytes]:
    return [data for _, data in read]


def error_code(event: tuple[str | None, bytes]) -> str:
    """Return the code of an error event, which has no id: nobody resumes behind it."""
    assert event[0] is None
    code: str = json.loads(event[1])["error"]["code"]
    return code


# --- the events -----------------------------------------------------------------------------------


def test_events_carry_the_chunks_and_ids_that_name_each_of_them(scene: Scene) -> None:
    scene.append(1, b'{"a":1}')
    scene.append(2, b'{"b":1}', b'{"b":2}')
    scene.end()
    one, two, _ = scene.entry_ids()
    assert scene.read() == [
        (f"{one}.1", b'{"a":1}'),
        (f"{two}.1", b'{"b":1}'),
        (f"{two}.2", b'{"b":2}'),
        (None, b"[DONE]"),
    ]


def test_events_that_come_later_follow_those_that_were_there(scene: Scene) -> None:
    scene.append(1, b"1")
    scene.reader.acts = [lambda: scene.append(2, b"2"), lambda: None, scene.end]
    assert datas(scene.read()) == [b"1", b"2", b"[DONE]"]


def test_events_that_wait_are_sent_in_one_piece(scene: Scene) -> None:
    for number in (1, 2, 3):
        scene.append(number, b"%d" % number)
    scene.end()
    [piece] = scene.stream().events()
    assert datas(events(piece)) == [b"1", b"2", b"3", b"[DONE]"]


@pytest.mark.parametrize(
    ("entry", "chunk", "rest"),
    [
        pytest.param(0, 1, [b"b", b"c", b"d", b"[DONE]"], id="behind a whole entry"),
        pytest.param(1, 1, [b"c", b"d", b"[DONE]"], id="in the middle of an entry"),
        pytest.param(1, 2, [b"d", b"[DONE]"], id="behind the last of an entry"),
        pytest.param(2, 1, [b"[DONE]"], id="behind all"),
    ],
)
@pytest.mark.parametrize("ended", [True, False])
def test_stream_goes_on_behind_the_event_that_the_client_has(
    scene: Scene, entry: int, chunk: int, rest: list[bytes], ended: bool
) -> None:
    scene.append(1, b"a")
    scene.append(2, b"b", b"c")
    scene.append(3, b"d")
    place = Place(scene.entry_ids()[entry], chunk)
    if ended:
        scene.end()
    else:
        scene.reader.acts = [lambda: None, scene.end]
    assert datas(scene.read(place, ended=ended)) == rest


def test_every_event_id_resumes_with_the_rest(scene: Scene) -> None:
    scene.append(1, b"a")
    scene.append(2, b"b", b"c", b"d")
    scene.append(3, b"e", b"f")
    scene.end()
    whole = scene.read()
    for number, (event_id, _) in enumerate(whole[:-1], 1):
        assert scene.read(parse_event_id(event_id or "")) == whole[number:]


# --- before the first chunk ---------------------------------------------------------------------


class ScriptedProgress:
    """Tells these, one a look."""

    def __init__(self, *told: bytes | None) -> None:
        self._told = list(told)

    def look(self) -> bytes | None:
        return self._told.pop(0) if self._told else None


def test_news_come_until_the_first_chunk_and_not_after_it(scene: Scene) -> None:
    progress = ScriptedProgress(b"event: a\n\n", None, b"event: b\n\n", None, b"event: never\n\n")
    nothing: Any = lambda: None  # noqa: E731
    scene.reader.acts = [nothing, lambda: scene.append(1, b"1"), nothing, scene.end]
    pieces = list(scene.stream(progress=progress).events())
    assert pieces[:2] == [b"event: a\n\n", b"event: b\n\n"]
    assert datas(events(b"".join(pieces[2:]))) == [b"1", b"[DONE]"]


def test_no_news_are_told_of_a_stream_that_has_begun(scene: Scene) -> None:
    scene.append(1, b"1")
    scene.end()
    assert datas(scene.read(progress=ScriptedProgress(b"event: never\n\n"))) == [b"1", b"[DONE]"]


def test_long_stream_is_sent_page_by_page(scene: Scene) -> None:
    """What a client has not taken yet is in Redis and not in memory."""
    for number in range(1, 251):
        scene.append(number, b"%d" % number)
    scene.end()
    pieces = [datas(events(piece)) for piece in scene.stream().events()]
    assert [len(piece) for piece in pieces] == [20, 100, 100, 31]
    assert list(chain(*pieces)) == [*(b"%d" % n for n in range(1, 251)), b"[DONE]"]


# --- silence --------------------------------------------------------------------------------------


def test_comment_is_sent_after_each_ten_seconds_of_silence(scene: Scene) -> None:
    silence: list[Any] = [lambda: None] * (2 * TEN_SECONDS + 5)
    scene.reader.acts = [*silence, lambda: scene.append(1, b"1"), scene.end]
    assert datas(scene.read()) == [b"keep-alive", b"keep-alive", b"1", b"[DONE]"]


def test_no_comment_is_sent_when_something_comes_in_time(scene: Scene) -> None:
    silence: list[Any] = [lambda: None] * (TEN_SECONDS - 1)
    acts = [*silence, lambda: scene.append(1, b"1"), *silence, lambda: scene.append(2, b"2")]
    scene.reader.acts = [*acts, *silence, scene.end]
    assert datas(scene.read()) == [b"1", b"2", b"[DONE]"]


def test_stream_finds_what_its_reader_has_missed(scene: Scene) -> None:
    """All of it: an end alone would make half an answer look whole."""
    scene.append(1, b"1")
    stream = scene.stream()
    scene.append(2, b"2")
    scene.end()
    scene.reader.works = False
    assert datas(events(b"".join(stream.events()))) == [b"1", b"2", b"[DONE]"]


def test_silent_stream_goes_on_when_the_ledger_cannot_be_asked(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise redis.ConnectionError

    def back() -> None:
        monkeypatch.undo()
        scene.end()

    stream = scene.stream()
    monkeypatch.setattr(scene.jobs, "get", away)
    scene.reader.acts = [*[lambda: None] * TEN_SECONDS, back]
    assert datas(events(b"".join(stream.events()))) == [b"keep-alive", b"[DONE]"]


# --- the end --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("result", "code"),
    [
        pytest.param(BROKEN, "stream_broken", id="failed"),
        pytest.param(Result.failure(CANCELLED, cancelled=True), "job_cancelled", id="cancelled"),
    ],
)
def test_stream_of_a_job_that_failed_ends_with_its_error_and_not_as_if_it_were_whole(
    scene: Scene, result: Result, code: str
) -> None:
    scene.append(1, b"1")
    scene.end(result)
    *before, last = scene.read()
    assert datas(before) == [b"1"]
    assert error_code(last) == code


def test_stream_ends_with_an_error_when_the_jobs_own_cannot_be_read(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> Any:
        raise redis.ConnectionError

    scene.append(1, b"1")
    scene.end(BROKEN)
    stream = scene.stream()
    monkeypatch.setattr(scene.jobs, "get", away)
    assert error_code(events(b"".join(stream.events()))[-1]) == "stream_gone"


@pytest.mark.parametrize("gone", ["chunks", "job"])
def test_stream_ends_with_an_error_when_the_rest_of_it_is_gone(scene: Scene, gone: str) -> None:
    scene.append(1, b"1")
    stream = scene.stream()
    scene.end()
    scene.services.waiting.chunks._client.delete(keys.chunks(scene.claim.id))
    if gone == "job":
        scene.services.waiting.chunks._client.delete(keys.job(scene.claim.id))
    *before, last = events(b"".join(stream.events()))
    assert datas(before) == [b"1"]
    assert error_code(last) == "stream_gone"


def test_stream_is_gone_when_an_ended_job_has_none(scene: Scene) -> None:
    scene.end()
    scene.services.waiting.chunks._client.delete(keys.chunks(scene.claim.id))
    stream = scene.stream(ended=True)
    assert stream.is_gone
    assert stream.wait_for_first(600) is None
    assert scene.reader.looks == 0


def test_stream_is_not_over_when_its_client_left(scene: Scene) -> None:
    scene.append(1, b"1")
    answers = iter([False, True])
    stream = scene.stream(client_left=lambda: next(answers))
    assert datas(events(b"".join(stream.events()))) == [b"1"]
    assert not stream.is_over


def test_stream_is_over_when_it_was_told_to_its_end(scene: Scene) -> None:
    scene.end()
    stream = scene.stream()
    list(stream.events())
    assert stream.is_over


def test_closed_stream_follows_no_more(scene: Scene) -> None:
    stream = scene.stream()
    assert scene.reader.followed == [START]
    stream.close()
    assert scene.reader.followed == []


# --- the first entry ------------------------------------------------------------------------------


def test_first_entry_is_returned_and_not_taken(scene: Scene) -> None:
    scene.reader.acts = [lambda: None, lambda: scene.append(1, b"1")]
    stream = scene.stream()
    first = stream.wait_for_first(60)
    assert first is not None
    assert first.chunks == (b"1",)
    scene.end()
    assert datas(events(b"".join(stream.events()))) == [b"1", b"[DONE]"]


def test_first_entry_is_none_when_time_is_up(scene: Scene) -> None:
    assert scene.stream().wait_for_first(30) is None
    assert scene.reader.looks == 60


def test_first_entry_is_none_when_the_client_left(scene: Scene) -> None:
    assert scene.stream(client_left=lambda: True).wait_for_first(30) is None


# --- ids ------------------------------------------------------------------------------------------


def test_id_names_a_place() -> None:
    assert parse_event_id("1700000000000-3.12") == Place("1700000000000-3", 12)
    assert parse_event_id("") == Place()


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "1-2",
        "1.2",
        "1-2.3.4",
        "-1-2.3",
        " 1-2.3",
        "1-2.3\n",
        "$",
        "1-2.3000000",
        "9999999999999999-0.1",
        pytest.param("٣-٠.١", id="digits of another script"),  # noqa: RUF001
    ],
)
def test_id_that_this_gateway_never_gave_is_refused(text: str) -> None:
    with pytest.raises(ValidationFailed) as caught:
        parse_event_id(text)
    assert caught.value.field == "lastEventId"
