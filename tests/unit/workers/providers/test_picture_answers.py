"""Answers with pictures are read quickly, and as if they were read as a whole."""

from __future__ import annotations

import base64
import json
from binascii import a2b_base64
from collections.abc import Callable
from functools import partial
from typing import Any, cast
from unittest.mock import patch

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.codecs import base64_pieces
from shared.codecs.base64_pieces import Base64Pieces, NotBase64
from shared.media.result import ARTIFACT
from shared.operation import Operation
from shared.providers.provider import Provider
from tests.support.drawing import FakeDesk
from workers.providers.answers import body as bodies
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.media import picture_answers
from workers.providers.media.cut_out import CutOut, cut_out

#: Long enough to be cut out; the last ones are decoded in pieces.
PICTURES = [b"\x89PNG" + bytes([number]) * (5000 + number) for number in range(4)]
LARGE = [bytes(range(256)) * 800, bytes(range(255, -1, -1)) * 3600]


def call_with(desk: FakeDesk) -> ProviderCall:
    about = {"name": "p", "base_url": "http://127.0.0.1:1", "models": {"m": "m"}}
    return ProviderCall(
        provider=Provider.model_validate(about),
        body=b"{}",
        api_key=None,
        connect_timeout_s=1,
        timeout_s=1,
        operation=Operation.IMAGE,
        desk=cast("Any", desk),
    )


def outcome(body: bytes) -> Any:
    """Return the answer with its files, or what is said instead."""
    desk = FakeDesk()
    try:
        return picture_answers.pictures(call_with(desk), body), desk.kept
    except ProviderError as error:
        return error.failure, error.transient, error.status


def as_a_whole(body: bytes) -> Any:
    """Return the same, read without anything that is quick."""
    with (
        patch.object(picture_answers, "cut_out", lambda body: CutOut(body, {})),
        patch.object(picture_answers, "Base64Pieces", side_effect=NotBase64),
    ):
        return outcome(body)


def encoded(content: bytes) -> str:
    return base64.b64encode(content).decode()


def broken(text: str, by: str) -> str:
    middle = len(text) // 2
    return text[:middle] + by + text[middle:]


_plain = st.sampled_from([*map(encoded, PICTURES), *map(encoded, LARGE)])
#: What JSON has between two quotes.
_texts = st.one_of(
    _plain,
    _plain,
    st.sampled_from(["", "QQ==", "QUJD", "Q", "data:image/png;base64,QUJD"]),
    _plain.map(lambda text: text.replace("/", "\\/")),
    _plain.map(lambda text: f"data:image/png;base64,{text}"),
    _plain.map(lambda text: text.replace("+", "-").replace("/", "_")),
    st.tuples(
        _plain, st.sampled_from(["=", "==", "\n", "\\n", " ", "\x00", "é", "\\u0041", "A", "."])
    ).map(lambda both: broken(*both)),
)
_names = st.sampled_from(['"b64_json"', '"b64_json"', '"b64_json"', '"url"', '"x\\"b64_json"'])
_members = st.one_of(
    st.builds("{}:{}".format, _names, _texts.map('"{}"'.format)),
    st.builds("{} \n: {}".format, _names, _texts.map('"{}"'.format)),
    st.builds('"revised_prompt":"\\"b64_json\\":\\"{}"'.format, _texts),
    st.sampled_from([f'"b64_json":{value}' for value in ("null", "1", "NaN", "[]", '{"a":1}')]),
)
_items = st.one_of(
    st.lists(_members, max_size=3).map(",".join).map("{{{}}}".format),
    st.sampled_from(["1", "null", "[]"]),
)
_documents = st.builds(
    '{}{{"created":1,"data":[{}]{}}}{}'.format,
    st.sampled_from(["", "", "\ufeff", " "]),
    st.lists(_items, max_size=3).map(",".join),
    st.one_of(
        st.just(""),
        st.just(',"usage":{"n":NaN}'),
        st.just(',"error":{"message":"no"}'),
        _members.map(",{}".format),
    ),
    st.sampled_from(["", "", "\n", "]", "{}"]),
)


@given(_documents, st.floats(0, 1))
def test_it_is_as_if_it_were_read_as_a_whole(document: str, part: float) -> None:
    body = document.encode()
    assert outcome(body) == as_a_whole(body)
    truncated = body[: int(len(body) * part)]
    assert outcome(truncated) == as_a_whole(truncated)


@pytest.mark.parametrize("blank", [None, ""])
def test_picture_that_is_only_named_is_fetched_whatever_stands_beside_its_name(
    blank: str | None,
) -> None:
    """Gateways in Go, and servers in Python, have all members in each item."""
    desk = FakeDesk()
    kept = desk.keep([b"x"], media_type="image/png")
    item = {"url": "https://h.example/x.png", "b64_json": blank, "revised_prompt": ""}
    body = json.dumps({"data": [item]}).encode()
    told = json.loads(picture_answers.pictures(call_with(desk), body, lambda _url: kept))
    [found] = told["data"]
    assert found.pop(ARTIFACT) == kept.to_json()
    assert found == {"url": "https://h.example/x.png", "revised_prompt": ""}
    assert desk.kept == [b"x"]


def document(*texts: str, **more: Any) -> bytes:
    return json.dumps({"data": [{"b64_json": text} for text in texts], **more}).encode()


def test_pictures_are_neither_parsed_nor_decoded_as_a_whole() -> None:
    body = document(*map(encoded, PICTURES), usage={"total_tokens": 3})
    with (
        patch.object(picture_answers, "decoded", side_effect=AssertionError),
        patch.object(picture_answers, "value_in", wraps=picture_answers.value_in) as read,
    ):
        answer, kept = outcome(body)
    assert kept == PICTURES
    assert len(read.call_args.args[1]) < 400
    assert (json.loads(answer)["usage"], len(answer) < 1500) == ({"total_tokens": 3}, True)


@pytest.mark.parametrize(
    "made",
    [
        pytest.param(lambda text: f'{{"data":[{{"b64_json":"{text}"', id="truncated"),
        pytest.param(lambda text: f'{{"error":{{"b64_json":"{text}"}}}}', id="an error"),
        pytest.param(lambda text: f'{{"data":[],"b64_json":"{text}"}}', id="elsewhere"),
        pytest.param(lambda text: f'{{"data":[{{"b64_json":""{text}"}}]}}', id="behind a text"),
    ],
)
def test_what_is_no_answer_is_an_error(made: Callable[[str], str]) -> None:
    body = made(encoded(PICTURES[0])).encode()
    failure, transient, status = outcome(body)
    assert (failure.status, transient) == (502, True)
    assert (failure, transient, status) == as_a_whole(body)


def test_values_are_bounded_beside_pictures(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bodies, "_COUNTED_BYTES", 1000)
    monkeypatch.setattr(bodies, "_MOST_VALUES", 900)
    body = document(encoded(LARGE[0]), numbers=[0] * 500)
    assert len(outcome(body)) == 2
    failure, *_ = outcome(document(encoded(LARGE[0]), numbers=[0] * 1000))
    assert failure.code == "answer_too_large"


def test_marks_are_new_each_time() -> None:
    body = document(encoded(PICTURES[0]))
    (mark,) = cut_out(body).texts
    assert mark not in cut_out(body).texts
    forged = json.dumps({"data": [{"b64_json": mark}, {"b64_json": encoded(PICTURES[1])}]})
    assert outcome(forged.encode()) == as_a_whole(forged.encode())


@pytest.fixture(params=["quick", "Python's own"])
def _decoder(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param != "quick":
        own = partial(a2b_base64, strict_mode=True)
        monkeypatch.setattr(base64_pieces, "_decode", own)


@pytest.mark.usefixtures("_decoder")
@pytest.mark.parametrize("size", [0, 1, 2, 3, 786_431, 786_432, 786_433, 1_600_000])
def test_pieces_are_the_whole_as_often_as_they_are_asked_for(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    pieces = Base64Pieces(encoded(content[:size]))
    assert b"".join(pieces) == b"".join(pieces) == content[:size]
    assert len([*pieces]) == len(pieces) == -(-size // 786_432)


@pytest.mark.usefixtures("_decoder")
@pytest.mark.parametrize("by", ["=", "====", "\n", " ", "-", "_", "é", "QQ=="])
@pytest.mark.parametrize("at", [8, 1_048_572, 1_048_576, 1_100_000])
def test_what_is_not_plainly_base64_is_refused(by: str, at: int) -> None:
    text = encoded(LARGE[1])
    with pytest.raises(NotBase64):
        b"".join(Base64Pieces(text[:at] + by + text[at:]))
