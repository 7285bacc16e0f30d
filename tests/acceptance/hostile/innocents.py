"""Innocent clients: what they ask, and that they get what is right."""

from __future__ import annotations

import secrets

from tests.acceptance.hostile.ground import Ground
from tests.acceptance.system.api import Api, chat


class Innocent:
    """A client with a key, on a connection that it keeps; `chat` and `status` are its calls."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        # A key of its own: who is hostile with somebody's key is that one's own trouble.
        self._api: Api = ground.stack.api(ground.new_key())

    def chat(self) -> None:
        """Ask a model at once: gateway, Redis, a chat worker, an LLM, and back."""
        response = self._api.post("/v1/chat/completions", json=chat("demo-instant"))
        assert response.status_code == 200, response.text
        assert response.json()["object"] == "chat.completion"

    def arrive(self) -> None:
        """Come anew, as a client that has never been here, and ask whether all is well."""
        with self._ground.api() as api:
            response = api.get("/up")
        assert response.status_code == 200, response.text

    def told(self) -> None:
        """Queue a job and wait for its callback: all workers, and a receiver."""
        receiver, path = self._ground.stack.receiver, f"/innocent/{secrets.token_hex(8)}"
        self._api.queue(chat("demo-instant"), replyTo=receiver.url(path))
        receiver.wait_for(path)

    def both(self) -> None:
        """Do both."""
        self.chat()
        self.arrive()

    def close(self) -> None:
        """Leave."""
        self._api.close()
