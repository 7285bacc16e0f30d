"""An LLM behind TLS, with a certificate of an authority of its own, which wants its clients'."""

from __future__ import annotations

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final

_ANSWER: Final = {
    "id": "chatcmpl-tls",
    "object": "chat.completion",
    "created": 1,
    "model": "m",
    "choices": [
        {
            "index": 0,
            "finish_reason": "stop",
            "message": {"role": "assistant", "content": "Over TLS."},
        }
    ],
}
_CHUNK: Final = {
    **_ANSWER,
    "object": "chat.completion.chunk",
    "choices": [{"index": 0, "finish_reason": "stop", "delta": {"content": "Over TLS."}}],
}


class TlsLlm:
    """The server, from entering it until leaving it."""

    def __init__(self, context: ssl.SSLContext) -> None:
        #: Who called, by their certificates; empty for one without.
        self.clients: list[str] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True)

    @property
    def url(self) -> str:
        """The base URL as an OpenAI SDK takes it."""
        return f"https://127.0.0.1:{self.port}/v1"

    @property
    def port(self) -> int:
        """The port it listens on."""
        return int(self._server.server_address[1])

    def __enter__(self) -> TlsLlm:
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *exc: object) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(30)


def _handler(llm: TlsLlm) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(b'{"data": []}', "application/json")

        def do_POST(self) -> None:
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if asked.get("stream"):
                text = f"data: {json.dumps(_CHUNK)}\n\ndata: [DONE]\n\n"
                self._answer(text.encode(), "text/event-stream")
            else:
                self._answer(json.dumps(_ANSWER).encode(), "application/json")

        def log_message(self, *args: Any) -> None:
            pass

        def _answer(self, body: bytes, kind: str) -> None:
            subject = dict(self.connection.getpeercert() or {}).get("subject", ())  # type: ignore[attr-defined]
            llm.clients.append(str(subject))
            self.send_response(200)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
