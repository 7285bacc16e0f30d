"""Files of results in odd forms: what is paid for is taken, the rest runs singly."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from shared.batches.store import BatchStore
from tests.support.factories import FakeClock
from tests.support.servers.openai_batches import OpenAiBatchServer
from tests.support.worker_deps import Deps
from tests.unit.workers.batches.own.stage import new_batch, new_feeder, run_out, said

Json = dict[str, Any]
_PAID = {"c0": "You said: a 0", "c1": "You said: b 1"}


@pytest.fixture
def server() -> Any:
    made = OpenAiBatchServer()
    made.start()
    yield made
    made.stop()


def outcome(
    deps: Deps,
    store: BatchStore,
    server: OpenAiBatchServer,
    clock: FakeClock,
    change: Callable[[list[bytes]], list[bytes]],
    **told: str,
) -> dict[str, str]:
    """Return what two lines say whose results were changed, with the batch's own members."""
    new_batch(deps, "a", "b")
    new_feeder(deps)()
    server.run(server.only)
    server.end(server.only)
    batch = server.only
    about, content = server.files[batch.told["output_file_id"]]
    lines = change(content.splitlines())
    server.files[batch.told["output_file_id"]] = about, b"\n".join(lines)
    batch.told |= told
    batch.status = told.get("status", batch.status)
    done = run_out(deps, store, clock, server)
    return said(deps, done.output_file_id)


def _answer_changed(change: Callable[[Json], Json]) -> Callable[[list[bytes]], list[bytes]]:
    def changed(lines: list[bytes]) -> list[bytes]:
        rows = [json.loads(line) for line in lines]
        return [json.dumps(row | {"response": change(row["response"])}).encode() for row in rows]

    return changed


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda lines: lines[::-1], id="in another order"),
        pytest.param(lambda lines: lines * 2, id="doubled"),
        pytest.param(lambda lines: [b"", *lines, b"null", b"x", b"{}", b"[]"], id="among others"),
        pytest.param(lambda lines: [b"\xef\xbb\xbf" + line + b"\r" for line in lines], id="marks"),
        pytest.param(
            _answer_changed(lambda told: told | {"body": json.dumps(told["body"])}),
            id="a body as text",
        ),
        pytest.param(_answer_changed(lambda told: told | {"status_code": "200"}), id="200 as text"),
        pytest.param(_answer_changed(lambda told: told | {"status_code": 201}), id="201"),
    ],
)
def test_results_are_read_however_they_are_written(
    deps: Deps, store: BatchStore, server: OpenAiBatchServer, fake_clock: FakeClock, change: Any
) -> None:
    assert outcome(deps, store, server, fake_clock, change) == _PAID


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda lines: [line for line in lines if b'"a 0"' not in line and b"a 0" not in line],
            id="missing",
        ),
        pytest.param(
            lambda lines: [line[:-20] if b"a 0" in line else line for line in lines], id="cut"
        ),
        pytest.param(
            lambda lines: [
                line.replace(b"custom_id", b"id_") if b"a 0" in line else line for line in lines
            ],
            id="without its id",
        ),
    ],
)
def test_line_without_a_result_runs_singly(
    deps: Deps, store: BatchStore, server: OpenAiBatchServer, fake_clock: FakeClock, change: Any
) -> None:
    told = outcome(deps, store, server, fake_clock, change)
    assert told == {**_PAID, "c0": "singly"}


def test_results_that_came_before_a_file_that_is_not_there_are_taken(
    deps: Deps, store: BatchStore, server: OpenAiBatchServer, fake_clock: FakeClock
) -> None:
    def change(lines: list[bytes]) -> list[bytes]:
        return lines

    assert outcome(deps, store, server, fake_clock, change, error_file_id="file-99") == _PAID


@pytest.mark.parametrize("status", ["COMPLETED", "Completed", "EXPIRED", "canceled"])
def test_end_is_known_however_it_is_written(
    deps: Deps, store: BatchStore, server: OpenAiBatchServer, fake_clock: FakeClock, status: str
) -> None:
    assert outcome(deps, store, server, fake_clock, list, status=status) == _PAID
