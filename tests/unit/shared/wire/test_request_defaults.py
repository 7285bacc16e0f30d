"""An operator's defaults in a client's request."""

from __future__ import annotations

import pytest

from shared.wire.request_defaults import with_defaults


@pytest.mark.parametrize(
    ("body", "defaults", "sent"),
    [
        pytest.param('{"a": 1.50}', {"t": 0.2}, '{"t":0.2,"a": 1.50}', id="what is lacking"),
        pytest.param('{"t": 1}', {"t": 0.2}, '{"t": 1}', id="not what the client said"),
        pytest.param(
            '{"max_completion_tokens": 5}',
            {"max_tokens": 9},
            '{"max_completion_tokens": 5}',
            id="not what it said by another name",
        ),
        pytest.param('{"t": null}', {"t": 1}, '{"t": null}', id="not over an explicit null"),
        pytest.param('{"a": 1}', {}, '{"a": 1}', id="nothing to add"),
    ],
)
def test_defaults_fill(body: str, defaults: dict[str, object], sent: str) -> None:
    assert with_defaults(body, defaults) == sent
