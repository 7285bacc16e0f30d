"""Innocent clients: what they ask, and that they get what is right."""

from __future__ import annotations

from tests.acceptance.api import Api, chat
from tests.acceptance.hostile.ground import Ground


class Innocent:
    """A client with a key, on a connection that it keeps; `chat` and `status` are its calls."""

    def __init__(self, ground: Ground) -> None:
        self._ground = ground
        self._api: Api = ground.api()

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

    def both(self) -> None:
        """Do both."""
        self.chat()
        self.arrive()

    def close(self) -> None:
        """Leave."""
        self._api.close()
