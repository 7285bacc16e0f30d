"""What a job asks of an LLM: one operation of the APIs that providers speak."""

from __future__ import annotations

from enum import StrEnum


class Operation(StrEnum):
    """The operations a job can be; their values stand in the ledger."""

    CHAT = "chat"
    COMPLETION = "completion"
    EMBEDDING = "embedding"
    RESPONSE = "response"
    OLLAMA_GENERATE = "ollama_generate"
