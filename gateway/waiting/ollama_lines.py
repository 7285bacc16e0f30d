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
from shared.wire.answers.call_pieces import Calls, told_once
from shared.wire.answers.finish_reasons import reason_in
from shared.wire.answers.said import object_of, objects, said_in, text_of, thought_in

Json = dict[str, Any]


class OllamaChatLines(AllInChunks):
    """The lines of one stream. Calls of tools come whole, in one line before the last."""

    mimetype = "application/x-ndjson"
    keep_alive = b""

    def __init__(self, model: str) -> None:
        self._model = model
        self._began_s = time.monotonic()
        self._calls = Calls()
        self._finish: str | None = None
        self._usage: Json | None = None

    def chunk(self, chunk: bytes, event_id: str) -> bytes:
        """Return what a chunk adds to the answer as a line; nothing when it adds nothing to it."""
        del event_id
        told = object_of(json.loads(chunk))
        self._usage = object_of(told.get("usage")) or self._usage
        choice = next(iter(objects(told.get("choices"))), {})
        self._finish = text_of(reason_in(choice)) or self._finish
        delta = object_of(choice.get("delta"))
        for number, piece in enumerate(objects(delta.get("tool_calls"))):
            self._calls.add(piece, is_first=number == 0)
        return self._text(delta)

    def done(self) -> bytes:
        """Return the calls of tools, if there are any, and the last line."""
        lines = b""
        if calls := self._calls.in_order:
            told = [
                ollama_chat.tool_call(
                    {"function": {"name": one.name, "arguments": told_once(one.arguments)}}
                )
                for one in calls
            ]
            lines = self._line({"content": "", "tool_calls": told}, {"done": False})
        duration_ns = round((time.monotonic() - self._began_s) * 1e9)
        end = ollama_chat.end_of(self._finish, self._usage, duration_ns)
        return lines + self._line({"content": ""}, end)

    def failed(self, body: bytes) -> bytes:
        """Return the line that Ollama ends with when it fails: the error is a text there."""
        message = json.loads(body)["error"]["message"]
        return to_json_bytes({"error": message}) + b"\n"

    def _text(self, delta: Json) -> bytes:
        # Ollama has no word for a refusal of its own.
        content = said_in(delta) or text_of(delta.get("refusal"))
        thinking = thought_in(delta)
        if not content and not thinking:
            return b""
        more = {"thinking": thinking} if thinking else {}
        return self._line({"content": content, **more}, {"done": False})

    def _line(self, message: Json, rest: Json) -> bytes:
        line = {
            "model": self._model,
            "created_at": iso_date(unix_ms()),
            "message": {"role": "assistant", **message},
            **rest,
        }
        return to_json_bytes(line) + b"\n"
