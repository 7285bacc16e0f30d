"""Fields of requests are written as http.client writes them, in fewer steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from http.client import HTTPConnection
from typing import Any

import pytest
from urllib3 import HTTPConnectionPool

from workers.deps import llm_session


@pytest.fixture
def ours() -> Iterator[Any]:
    """A connection as workers make it, which has not dialled."""
    adapter: Any = llm_session(1).get_adapter("http://127.0.0.1:1/")
    pool = adapter.poolmanager.connection_from_url("http://127.0.0.1:1/")
    with closing(pool._new_conn()) as connection:
        yield connection


def written(connection: Any, name: str, value: Any) -> list[bytes]:
    connection.putrequest("POST", "/v1/x")
    connection.putheader(name, value)
    return list(connection._buffer)


@pytest.mark.parametrize("value", ["Bearer sk-1", "J\xfcrgen", "", "a\tb", b"bytes", 7], ids=repr)
def test_a_field_is_written_as_http_client_writes_it(ours: Any, value: Any) -> None:
    theirs = HTTPConnection("127.0.0.1", 1)
    expected = written(theirs, "x-Name", value)
    assert written(ours, "x-Name", value) == expected
    # The second time it is known.
    ours.putheader("x-Name", value)
    assert ours._buffer == [*expected, expected[-1]]


@pytest.mark.parametrize(
    ("name", "value"), [("X-A", "1\r\nX-B: 2"), ("X-A", "1\n"), ("X:A", "1"), ("X-A", "\u20ac")]
)
def test_a_field_that_must_not_be_sent_is_refused(ours: Any, name: str, value: str) -> None:
    ours.putrequest("POST", "/v1/x")
    for _ in range(2):
        with pytest.raises(ValueError, match=r"Invalid header|encode"):
            ours.putheader(name, value)


def test_no_other_connection_of_urllib3_is_changed() -> None:
    connection: Any = HTTPConnectionPool("127.0.0.1", 1)._new_conn()
    assert type(connection).putheader.__module__ == "urllib3.connection"
