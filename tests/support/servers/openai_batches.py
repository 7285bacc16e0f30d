"""OpenAI's files and batches (Azure's too), as strict as the field, and its models singly."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable
from email import message_from_bytes
from typing import Final

from tests.support.servers.batch_server import ApiError, BatchServer, FakeBatch, Json

ENDPOINTS: Final = (
    *("/v1/chat/completions", "/v1/completions", "/v1/embeddings"),
    *("/v1/moderations", "/v1/responses"),
)


class OpenAiBatchServer(BatchServer):
    """Files and batches of OpenAI's API, and the calls of its models singly."""

    def __init__(self) -> None:
        super().__init__()
        self.files: dict[str, tuple[Json, bytes]] = {}
        #: Requests that came singly.
        self.singles: list[Json] = []

    # --- how a batch goes on ----------------------------------------------------------------

    def run(self, batch: FakeBatch, names: Iterable[str] | None = None) -> None:
        """Answer requests, all or those named; one that says `refuse me` with a 400."""
        for name in [*batch.requests] if names is None else names:
            body = batch.requests[name]["body"]
            if "refuse me" in json.dumps(body):
                error = {"message": "No.", "type": "invalid_request_error", "code": None}
                answer = {"status_code": 400, "request_id": "r", "body": {"error": error}}
            else:
                answer = {"status_code": 200, "request_id": "r", "body": _openai_answer(body)}
            row = {"id": f"batch_req_{name}", "custom_id": name}
            batch.results[name] = {**row, "response": answer, "error": None}

    def end(self, batch: FakeBatch, status: str = "completed") -> None:
        """End it: what was not run is told as expired or cancelled, as its status says."""
        code = {"expired": "batch_expired", "cancelled": "batch_cancelled"}.get(status)
        for name in batch.requests:
            if name not in batch.results and code:
                error = {"code": code, "message": f"This request was not executed: {status}."}
                row = {"id": "batch_req_x", "custom_id": name}
                batch.results[name] = {**row, "response": None, "error": error}
        good = [row for row in batch.results.values() if _is_good(row)]
        bad = [row for row in batch.results.values() if not _is_good(row)]
        for field_name, rows in (("output_file_id", good), ("error_file_id", bad)):
            if rows:
                # In any order.
                lines = [json.dumps(row) for row in reversed(rows)]
                batch.told[field_name] = self._keep(
                    "\n".join(lines).encode() + b"\n", "batch_output"
                )
        batch.status = status

    def fail(self, batch: FakeBatch) -> None:
        """Find the input wrong: nothing of it is done."""
        error = {"code": "model_not_found", "message": "No such model.", "param": None, "line": 1}
        batch.told["errors"] = {"object": "list", "data": [error]}
        batch.status = "failed"

    # --- what it is asked -------------------------------------------------------------------

    def _answer(
        self, method: str, path: str, headers: dict[str, str], query: dict[str, str], body: bytes
    ) -> Json | bytes:
        if headers.get("authorization") != f"Bearer {self.key}":
            raise ApiError(401, "Incorrect API key provided")
        if (method, path) in {("POST", one) for one in ENDPOINTS}:
            self.singles.append(json.loads(body))
            return _openai_answer(json.loads(body))
        if (method, path) == ("POST", "/v1/files"):
            return self._upload(headers, body)
        if (method, path) == ("POST", "/v1/batches"):
            return self._create(json.loads(body))
        if (method, path) == ("GET", "/v1/batches"):
            return self._list(query)
        if found := re.fullmatch(r"/v1/batches/([^/]+)(/cancel)?", path):
            return self._one(method, self._batch(found[1]), cancels=bool(found[2]))
        if found := re.fullmatch(r"/v1/files/([^/]+)(/content)?", path):
            return self._file(method, found[1], content=bool(found[2]))
        raise ApiError(404, f"Invalid URL ({method} {path})")

    def _error(self, exc: ApiError) -> Json:
        told = {"message": str(exc), "type": "invalid_request_error", "param": None, "code": None}
        return {"error": told}

    def _upload(self, headers: dict[str, str], body: bytes) -> Json:
        kind = headers.get("content-type", "")
        form = message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
        parts = {
            part.get_param("name", header="content-disposition"): part
            for part in form.get_payload()  # type: ignore[union-attr]
        }
        if set(parts) != {"purpose", "file"}:
            raise ApiError(400, f"unknown or missing fields: {sorted(map(str, parts))}")
        if parts["purpose"].get_payload(decode=True).strip() != b"batch":  # type: ignore[union-attr]
            raise ApiError(400, "purpose must be batch")
        name = parts["file"].get_filename()  # type: ignore[union-attr]
        if not name or not name.endswith(".jsonl"):
            raise ApiError(400, "Invalid file format for Batch API. Must be .jsonl")
        file_id = self._keep(parts["file"].get_payload(decode=True), "batch")  # type: ignore
        return self.files[file_id][0]

    def _keep(self, content: bytes, purpose: str) -> str:
        file_id = f"file-{next(self._ids)}"
        told = {"id": file_id, "object": "file", "bytes": len(content), "purpose": purpose}
        self.files[file_id] = ({**told, "status": "processed"}, content)
        return file_id

    def _create(self, asked: Json) -> Json:
        known = {"input_file_id", "endpoint", "completion_window", "metadata"}
        if asked.keys() - known:
            raise ApiError(400, f"Unknown parameter: {sorted(asked.keys() - known)}")
        if asked.get("completion_window") != "24h" or asked.get("endpoint") not in ENDPOINTS:
            raise ApiError(400, "Invalid value")
        metadata = asked.get("metadata") or {}
        if len(metadata) > 16 or any(len(k) > 64 or len(v) > 512 for k, v in metadata.items()):
            raise ApiError(400, "metadata is too large")
        if asked.get("input_file_id") not in self.files:
            raise ApiError(400, "Invalid input_file_id")
        requests = _checked(asked["endpoint"], self.files[asked["input_file_id"]][1])
        batch_id = f"batch_{next(self._ids)}"
        batch = FakeBatch(batch_id, requests, time.time(), "in_progress", dict(asked))
        self.batches[batch_id] = batch
        return self._told(batch)

    def _list(self, query: dict[str, str]) -> Json:
        rows = sorted(self.batches.values(), key=lambda one: -one.created)
        ids = [one.id for one in rows]
        first = ids.index(query["after"]) + 1 if "after" in query else 0
        limit = int(query.get("limit", 20))
        page = rows[first : first + limit]
        more = len(rows) > first + limit
        return {"object": "list", "data": [self._told(one) for one in page], "has_more": more}

    def _one(self, method: str, batch: FakeBatch, *, cancels: bool) -> Json:
        if cancels:
            if batch.status in ("completed", "failed", "expired", "cancelled"):
                raise ApiError(409, f"Cannot cancel a batch with status '{batch.status}'.")
            batch.status = "cancelling"
        elif method != "GET":
            raise ApiError(405, "Method not allowed")
        return self._told(batch)

    def _file(self, method: str, file_id: str, *, content: bool) -> Json | bytes:
        if file_id not in self.files:
            raise ApiError(404, f"No such File object: {file_id}")
        if content:
            return self.files[file_id][1]
        if method == "DELETE":
            del self.files[file_id]
            return {"id": file_id, "object": "file", "deleted": True}
        return self.files[file_id][0]

    def _told(self, batch: FakeBatch) -> Json:
        head = {"id": batch.id, "object": "batch", "status": batch.status}
        return {**head, "created_at": int(batch.created), "errors": None, **batch.told}


def _checked(endpoint: str, content: bytes) -> dict[str, Json]:
    requests: dict[str, Json] = {}
    models = set()
    for text in content.splitlines():
        row = json.loads(text)
        if row.keys() != {"custom_id", "method", "url", "body"}:
            raise ApiError(400, f"wrong members of a line: {sorted(row)}")
        if row["method"] != "POST" or row["url"] != endpoint or row["custom_id"] in requests:
            raise ApiError(400, "wrong line")
        if row["body"].get("stream"):
            raise ApiError(400, "requests of batches do not stream")
        models.add(row["body"]["model"])
        requests[row["custom_id"]] = row
    if not 0 < len(requests) <= 50_000 or len(models) != 1:
        raise ApiError(400, f"{len(requests)} requests of {len(models)} models")
    return requests


def _is_good(row: Json) -> bool:
    return bool(row["response"]) and row["response"]["status_code"] == 200


def _openai_answer(body: Json) -> Json:
    usage = {"prompt_tokens": 1000, "completion_tokens": 500, "total_tokens": 1500}
    head = {"id": "chatcmpl-1", "model": body["model"]}
    if "messages" not in body:
        data = [{"object": "embedding", "index": 0, "embedding": [1.50]}]
        return {"object": "list", "data": data, **head, "usage": usage}
    said = f"You said: {body['messages'][-1]['content']}"
    choice = {"index": 0, "message": {"role": "assistant", "content": said}}
    choices = [{**choice, "finish_reason": "stop"}]
    return {**head, "object": "chat.completion", "choices": choices, "usage": usage}
