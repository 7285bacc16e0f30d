"""What a job asks of an LLM: one operation of the APIs that providers speak."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class Operation(StrEnum):
    """The operations a job can be; their values stand in the ledger."""

    CHAT = "chat"
    COMPLETION = "completion"
    EMBEDDING = "embedding"
    RESPONSE = "response"
    OLLAMA_GENERATE = "ollama_generate"


#: What providers of each type can be asked: the gateway refuses the rest, and no attempt goes to
#: a provider that could not answer. The dialects in `workers/providers/` speak just these.
OPERATIONS_BY_TYPE: Final[Mapping[str, frozenset[Operation]]] = {
    "openai": frozenset(
        (Operation.CHAT, Operation.COMPLETION, Operation.EMBEDDING, Operation.RESPONSE)
    ),
    "ollama": frozenset(
        (
            Operation.CHAT,
            Operation.COMPLETION,
            Operation.EMBEDDING,
            Operation.OLLAMA_GENERATE,
        )
    ),
    "anthropic": frozenset((Operation.CHAT,)),
}
