"""DTOs of what the chat page keeps: conversations and system prompts."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from shared.dtos.base import Dto

#: Made by the page: a name that is its own and no path.
Id = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,64}$")]


class QueryConversations(Dto):
    """List your conversations: pinned ones, then the latest first."""

    text: Annotated[str, Field(max_length=200)] = Field("", description="What they hold.")
    skip: Annotated[int, Field(ge=0)] = 0
    take: Annotated[int, Field(ge=1, le=1000)] = 100


class ConversationHead(Dto):
    """A conversation in a list."""

    id: str
    title: str
    model: str
    version: int
    created_date: str
    modified_date: str
    pinned: bool = False


class PinConversation(Dto):
    """Pin a conversation, so that it is listed first; or let it go."""

    id: Id
    pinned: bool = True


class QueryConversationsResponse(Dto):
    """A page of the list."""

    offset: int
    total: int
    results: list[ConversationHead]


class GetConversation(Dto):
    """Read one conversation."""

    id: Id


class ConversationWhole(ConversationHead):
    """A conversation with its document."""

    content: dict[str, Any] = Field(description="The document, as it was saved.")


class GetConversationResponse(Dto):
    """One conversation."""

    result: ConversationWhole


class SaveConversation(Dto):
    """Save a conversation, whole."""

    id: Id
    title: Annotated[str, Field(max_length=300)]
    model: Annotated[str, Field(max_length=256)] = ""
    version: Annotated[int, Field(ge=0)] = Field(
        0, description="The version this one was made from; 0 for a new conversation."
    )
    content: dict[str, Any]


class SaveConversationResponse(Dto):
    """What became of it."""

    id: str
    version: int


class DeleteConversation(Dto):
    """Delete a conversation."""

    id: Id


class QueryPrompts(Dto):
    """List the system prompts: ReplyTo's own, and yours."""


class PromptRow(Dto):
    """A system prompt. `is_own`: yours, to change and delete."""

    id: str
    name: str
    value: str
    is_own: bool


class QueryPromptsResponse(Dto):
    """All prompts."""

    offset: int = 0
    total: int
    results: list[PromptRow]


class SavePrompt(Dto):
    """Save a system prompt; under the id of one of ReplyTo's, yours takes its place."""

    id: Id
    name: Annotated[str, Field(min_length=1, max_length=100)]
    value: Annotated[str, Field(max_length=100_000)]


class DeletePrompt(Dto):
    """Delete a system prompt of yours; what it replaced is back."""

    id: Id


class Done(Dto):
    """It is done."""
