"""How the chunks of a chat look to Ollama's clients: a JSON object a line, the last says `done`."""

from __future__ import annotations

import json
import time
from typing import Any

from gateway.waiting.event_form import AllInChunks
from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.moments import iso_date
from shared.store.clock import unix_ms
from shared.wire import ollama_chat

Json = dict[str, Any]


class OllamaChatLines(AllInChunks):
    """The lines of one stream. Calls of tools come whole, in one line before the last."""

    mimetype = "application/x-ndjson"
    keep_alive = b""

    def __init__(self, model: str) -> None:
        self._model = model
        self._began_s = time.monotonic()
        self._calls: list[Json] = []
        self._finish: str | None = None
        self._usage: Json | None = None

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return what a chunk adds to the answer as a line; nothing when it adds nothing to it."""
        del event_id
        told = json.loads(chunk)
        if not isinstance(told, dict):
            return b""
        self._usage = told.get("usage") or self._usage
        choice = next(iter(told.get("choices") or ()), None)
        if not isinstance(choice, dict):
            return b""
        self._finish = choice.get("finish_reason") or self._finish
        delta = choice.get("delta") or {}
        for piece in delta.get("tool_calls") or ():
            if isinstance(piece, dict):
                self._add_call(piece)
        return self._text(delta)

    def done(self) -> bytes:
        """Return the calls of tools, if there are any, and the last line."""
        lines = b""
        if self._calls:
            if all(isinstance(call["index"], int) for call in self._calls):
                self._calls.sort(key=lambda call: call["index"])
            calls = [ollama_chat.tool_call(call) for call in self._calls]
            lines = self._line({"content": "", "tool_calls": calls}, {"done": False})
        duration_ns = round((time.monotonic() - self._began_s) * 1e9)
        end = ollama_chat.end_of(self._finish, self._usage, duration_ns)
        return lines + self._line({"content": ""}, end)

    def failed(self, body: bytes) -> bytes:
        """Return the line that Ollama ends with when it fails: the error is a text there."""
        message = json.loads(body)["error"]["message"]
        return to_json_bytes({"error": message}) + b"\n"

    def _text(self, delta: Json) -> bytes:
        content, thinking = delta.get("content"), delta.get("reasoning_content")
        if not content and not thinking:
            return b""
        more = {"thinking": thinking} if thinking else {}
        return self._line({"content": content or "", **more}, {"done": False})

    def _add_call(self, piece: Json) -> None:
        call = self._call_of(piece)
        if call is None:
            function = {"name": "", "arguments": ""}
            call = {"id": "", "index": piece.get("index"), "function": function}
            self._calls.append(call)
        call["id"] = call["id"] or piece.get("id") or ""
        function, told = call["function"], _told(piece)
        if function["name"] != (name := told.get("name") or ""):
            function["name"] += name
        given = told.get("arguments") or ""
        function["arguments"] += given if isinstance(given, str) else json.dumps(given)

    def _call_of(self, piece: Json) -> Json | None:
        """Return the call that a piece belongs to, None for a new one: as results are put together.

        An id that was seen goes to that call; a new id is a new call, whatever its index; without
        an id the index counts; without both it is the last call, unless that is whole.
        """
        call_id, index = piece.get("id"), piece.get("index")
        newest = self._calls[::-1]
        if call_id and (seen := [one for one in newest if one["id"] == call_id]):
            return seen[0]
        if index is not None:
            newest = [one for one in newest if one["index"] == index]
        if not newest or (call_id and newest[0]["id"]):
            return None
        begins_anew = index is None and not call_id and _told(piece).get("name")
        return None if begins_anew and _is_whole(newest[0]) else newest[0]

    def _line(self, message: Json, rest: Json) -> bytes:
        line = {
            "model": self._model,
            "created_at": iso_date(unix_ms()),
            "message": {"role": "assistant", **message},
            **rest,
        }
        return to_json_bytes(line) + b"\n"


def _told(piece: Json) -> Json:
    function = piece.get("function")
    return function if isinstance(function, dict) else {}


def _is_whole(call: Json) -> bool:
    try:
        json.loads(call["function"]["arguments"])
    except (ValueError, RecursionError):
        return False
    return True
