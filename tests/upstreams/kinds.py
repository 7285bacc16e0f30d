"""What a provider can be asked, and how: one kind for each dialect, operation and way to answer."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Kind:
    """One way to ask: `path` is the gateway's, `fields` are those of a request beside the model."""

    dialect: str
    operation: str
    path: str
    fields: tuple[tuple[str, Any], ...] = field(compare=False)
    streamed: bool = False

    def request(self, model: str) -> Json:
        """Return the request's body."""
        # Ollama's own generation streams unless told not to.
        return {"model": model, **dict(self.fields), "stream": self.streamed}

    @property
    def name(self) -> str:
        """Its name in a model's."""
        way = "-stream" if self.streamed else ""
        return f"{self.dialect}-{self.operation}{way}"


_MESSAGES = (("messages", [{"role": "user", "content": "Say hello"}]),)
_CHAT = ("chat", "/v1/chat/completions", _MESSAGES)
_TEXT = ("completion", "/v1/completions", (("prompt", "Say hello"),))
_RESPONSE = ("response", "/v1/responses", (("input", "Say hello"),))
_EMBEDDING = ("embedding", "/v1/embeddings", (("input", "Say hello"),))
_GENERATION = ("generation", "/api/generate", (("prompt", "Say hello"),))

CHAT = Kind("openai", *_CHAT)
CHAT_STREAM = Kind("openai", *_CHAT, streamed=True)
TEXT = Kind("openai", *_TEXT)
TEXT_STREAM = Kind("openai", *_TEXT, streamed=True)
RESPONSE = Kind("openai", *_RESPONSE)
RESPONSE_STREAM = Kind("openai", *_RESPONSE, streamed=True)
EMBEDDING = Kind("openai", *_EMBEDDING)
CLAUDE = Kind("anthropic", *_CHAT)
CLAUDE_STREAM = Kind("anthropic", *_CHAT, streamed=True)
GENERATION = Kind("ollama", *_GENERATION)
GENERATION_STREAM = Kind("ollama", *_GENERATION, streamed=True)

WHOLE = (CHAT, TEXT, RESPONSE, EMBEDDING, CLAUDE, GENERATION)
STREAMS = (CHAT_STREAM, TEXT_STREAM, RESPONSE_STREAM, CLAUDE_STREAM, GENERATION_STREAM)
EVERY = (*WHOLE, *STREAMS)
