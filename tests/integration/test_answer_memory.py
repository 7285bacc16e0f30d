"""What one attempt holds of a huge answer, as a multiple of its size, in a process of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.upstreams import wire
from tests.upstreams.server import Asked, RawUpstream

_MB = 1024 * 1024
_HEAD = b'{"choices":[{"index":0,"finish_reason":"stop","message":{"role":"assistant","content":"'
#: Asks once; prints by how many bytes it grew at most.
_ASK = """
from gevent import monkey; monkey.patch_all()
import re, sys
import requests
from shared.providers.provider import Provider
from workers.providers.base import ProviderCall, ProviderError
from workers.providers.connections import Adapter
from workers.providers.openai import OpenAiDialect
def most():
    return int(re.search(r"VmHWM:\\s+(\\d+)", open("/proc/self/status").read())[1]) * 1024
session = requests.Session()
session.mount("http://", Adapter())
provider = Provider(name="p", base_url=sys.argv[1], models={"m": "m"})
before = most()
try:
    body = OpenAiDialect().ask(session, ProviderCall(provider, b"{}", None, 5, 60))
except ProviderError:
    body = b""
print(most() - before, len(body))
"""
_TEXT = _HEAD + b"x" * (24 * _MB) + b'"}}]}'
#: Bodies by what they are made of: the body, and how many times its size is held at most.
BODIES = {
    "one text": (_TEXT, 5),
    "small objects": (
        _HEAD + b'"}}],"more":[' + b",".join([b'{"a":"b"}'] * 400_000) + b"]}",
        40,
    ),
}
#: Bodies that are no answer. Smaller ones are mended.
FAULTY = {
    "words behind it": _TEXT + b" That was the answer.",
    "other characters": _HEAD + b"\xe4" * (24 * _MB) + b'"}}]}',
    "no end": _TEXT[:-4],
}


@pytest.fixture(scope="module")
def upstream() -> Iterator[RawUpstream]:
    def answering(body: bytes) -> object:
        def reply(_asked: Asked) -> list[bytes]:
            return [wire.head(content_length=str(len(body))), body]

        return reply

    bodies = {name: body for name, (body, _) in BODIES.items()} | FAULTY
    replies = {name.replace(" ", "-"): answering(body) for name, body in bodies.items()}
    server = RawUpstream(replies).start()  # type: ignore[arg-type]
    yield server
    server.stop()


def ask(upstream: RawUpstream, name: str) -> tuple[int, int]:
    """Return by how many bytes a process grew at most, and how many it got; 0 for a failure."""
    url = upstream.base_url(name.replace(" ", "-"))
    asked = subprocess.run(
        [sys.executable, "-c", _ASK, url], check=True, capture_output=True, text=True, timeout=120
    )
    grown, size = map(int, asked.stdout.split())
    return grown, size


@pytest.mark.parametrize("name", BODIES)
def test_attempt_holds_no_more_than_some_times_the_size_of_its_answer(
    upstream: RawUpstream, name: str
) -> None:
    body, most_times = BODIES[name]
    grown, size = ask(upstream, name)
    assert size == len(body)
    assert size / 2 < grown < most_times * size, f"{grown / size:.1f} times"


@pytest.mark.parametrize("name", FAULTY)
def test_attempt_holds_no_more_of_what_is_no_answer(upstream: RawUpstream, name: str) -> None:
    size = len(FAULTY[name])
    grown, got = ask(upstream, name)
    assert got == 0
    assert size / 2 < grown < 4 * size, f"{grown / size:.1f} times"
