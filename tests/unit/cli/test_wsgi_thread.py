"""The server that the demo LLM and the receiver stand on."""

from __future__ import annotations

import pytest

from cli.wsgi_thread import ConnectionDropped, body_of


class BreaksOff:
    def read(self) -> bytes:
        raise OSError("unexpected end of file")


def test_client_that_goes_away_in_its_request_gets_no_answer_and_no_traceback() -> None:
    with pytest.raises(ConnectionDropped):
        body_of({"wsgi.input": BreaksOff()})
