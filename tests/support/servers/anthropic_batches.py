"""Anthropic's Message Batches, as strict as the field, and its messages singly."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from datetime import UTC, datetime

from tests.support.anthropic_wire import Refused, check
from tests.support.servers.batch_server import ApiError, BatchServer, FakeBatch, Json

_is_custom_id = re.compile(r"[a-zA-Z0-9_-]{1,64}").fullmatch


class AnthropicBatchServer(BatchServer):
    """Anthropic's Message Batches, and its messages singly."""

    def __init__(self) -> None:
        super().__init__()
        self.singles: list[Json] = []

    def run(self, batch: FakeBatch, names: Iterable[str] | None = None) -> None:
        """Answer requests, all or those named; one that says `refuse me` with an error."""
        for name in [*batch.requests] if names is None else names:
            params = batch.requests[name]
            if "refuse me" in json.dumps(params):
                error = {"type": "invalid_request_error", "message": "No."}
                result = {"type": "errored", "error": {"type": "error", "error": error}}
            else:
                result = {"type": "succeeded", "message": _message(params)}
            batch.results[name] = {"custom_id": name, "result": result}

    def end(self, batch: FakeBatch, rest: str = "expired") -> None:
        """End it: what was not run `expired`, or was `canceled`."""
        for name in batch.requests:
            row = {"custom_id": name, "result": {"type": rest}}
            batch.results.setdefault(name, row)
        batch.status = "ended"

    def _answer(
        self, method: str, path: str, headers: dict[str, str], query: dict[str, str], body: bytes
    ) -> Json | bytes:
        if headers.get("x-api-key") != self.key or headers.get("anthropic-version") != "2023-06-01":
            raise ApiError(401, "invalid x-api-key")
        if (method, path) == ("POST", "/v1/messages"):
            self.singles.append(json.loads(body))
            return _message(json.loads(body))
        if (method, path) == ("POST", "/v1/messages/batches"):
            return self._create(json.loads(body))
        if (method, path) == ("GET", "/v1/messages/batches"):
            return self._list(query)
        if found := re.fullmatch(r"/v1/messages/batches/([^/]+)(/cancel|/results)?", path):
            return self._one(method, self._batch(found[1]), found[2] or "")
        raise ApiError(404, "Not found")

    def _error(self, exc: ApiError) -> Json:
        error = {"type": "invalid_request_error", "message": str(exc)}
        return {"type": "error", "error": error}

    def _create(self, asked: Json) -> Json:
        if asked.keys() != {"requests"} or not 0 < len(asked["requests"]) <= 100_000:
            raise ApiError(400, "requests: Field required")
        requests: dict[str, Json] = {}
        for number, row in enumerate(asked["requests"]):
            if row.keys() != {"custom_id", "params"} or not _is_custom_id(row["custom_id"]):
                raise ApiError(400, f"requests.{number}.custom_id: wrong")
            if row["custom_id"] in requests or row["params"].get("stream"):
                raise ApiError(400, f"requests.{number}: comes twice, or streams")
            try:
                check(row["params"])
            except Refused as exc:
                raise ApiError(400, f"requests.{number}.params: {exc}") from exc
            requests[row["custom_id"]] = row["params"]
        batch_id = f"msgbatch_{next(self._ids)}"
        self.batches[batch_id] = FakeBatch(batch_id, requests, time.time(), "in_progress")
        return self._told(self.batches[batch_id])

    def _list(self, query: dict[str, str]) -> Json:
        rows = sorted(self.batches.values(), key=lambda one: -one.created)
        ids = [one.id for one in rows]
        first = ids.index(query["after_id"]) + 1 if "after_id" in query else 0
        limit = int(query.get("limit", 20))
        page = rows[first : first + limit]
        return {
            "data": [self._told(one) for one in page],
            "has_more": len(rows) > first + limit,
            "last_id": page[-1].id if page else None,
        }

    def _one(self, method: str, batch: FakeBatch, what: str) -> Json | bytes:
        if what == "/results":
            if batch.status != "ended":
                raise ApiError(404, "Results are not there yet.")
            rows = [json.dumps(row) for row in reversed(batch.results.values())]
            return "\n".join(rows).encode()
        if what == "/cancel":
            if batch.status == "in_progress":
                batch.status = "canceling"
        elif method == "DELETE":
            if batch.status != "ended":
                raise ApiError(400, "A batch that is in progress cannot be deleted.")
            del self.batches[batch.id]
            return {"id": batch.id, "type": "message_batch_deleted"}
        return self._told(batch)

    def _told(self, batch: FakeBatch) -> Json:
        counts = dict.fromkeys(("processing", "succeeded", "errored", "canceled", "expired"), 0)
        for name in batch.requests:
            row = batch.results.get(name) if batch.status == "ended" else None
            counts[row["result"]["type"] if row else "processing"] += 1
        return {
            "id": batch.id,
            "type": "message_batch",
            "processing_status": batch.status,
            "request_counts": counts,
            "created_at": datetime.fromtimestamp(batch.created, UTC).isoformat(),
        }


def _message(params: Json) -> Json:
    content = params["messages"][-1]["content"]
    said = content if isinstance(content, str) else content[-1]["text"]
    return {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": params["model"],
        "content": [{"type": "text", "text": f"You said: {said}"}],
        "stop_reason": "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": 1000, "output_tokens": 500},
    }
