"""What the chat page keeps, by DTO like everything else: conversations and system prompts."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint

from gateway.http.routes import Call, route
from gateway.pages.system_prompts import SYSTEM_PROMPTS
from shared.codecs.moments import iso_date
from shared.codecs.rows import rows_of
from shared.conversations import Conversation, Draft, Prompt
from shared.dtos import catalog
from shared.dtos.conversations import (
    ConversationHead,
    ConversationWhole,
    DeleteConversation,
    DeletePrompt,
    Done,
    GetConversation,
    GetConversationResponse,
    PinConversation,
    PromptRow,
    QueryConversations,
    QueryConversationsResponse,
    QueryPrompts,
    QueryPromptsResponse,
    SaveConversation,
    SaveConversationResponse,
    SavePrompt,
)

blueprint = Blueprint("conversations", __name__)

#: Names under which a document holds text that a search should find.
_TEXTS: Final = frozenset(("text", "title"))


@route(blueprint, catalog.QUERY_CONVERSATIONS)
def query(call: Call[QueryConversations]) -> QueryConversationsResponse:
    """List conversations."""
    owner, wanted = call.principal.owner, call.request
    found, total = call.services.conversations.find(owner, wanted.text, wanted.skip, wanted.take)
    heads = rows_of(found, lambda one: ConversationHead(**_head(one)))
    return QueryConversationsResponse(offset=wanted.skip, total=total, results=heads)


@route(blueprint, catalog.GET_CONVERSATION)
def get(call: Call[GetConversation]) -> GetConversationResponse:
    """Read a conversation."""
    owner = call.principal.owner
    one = call.services.conversations.get(owner, call.request.id)
    whole = ConversationWhole(**_head(one), content=json.loads(one.content or "{}"))
    return GetConversationResponse(result=whole)


@route(blueprint, catalog.SAVE_CONVERSATION)
def save(call: Call[SaveConversation]) -> SaveConversationResponse:
    """Save a conversation."""
    owner, wanted = call.principal.owner, call.request
    draft = Draft(
        id=wanted.id,
        title=wanted.title,
        model=wanted.model,
        version=wanted.version,
        content=json.dumps(wanted.content, ensure_ascii=False, separators=(",", ":")),
        words="\n".join([wanted.title, *texts_of(wanted.content)]),
    )
    version = call.services.conversations.save(owner, draft)
    return SaveConversationResponse(id=wanted.id, version=version)


@route(blueprint, catalog.PIN_CONVERSATION)
def pin(call: Call[PinConversation]) -> Done:
    """Pin a conversation, or let it go."""
    owner, wanted = call.principal.owner, call.request
    call.services.conversations.pin(owner, wanted.id, pinned=wanted.pinned)
    return Done()


@route(blueprint, catalog.DELETE_CONVERSATION)
def delete(call: Call[DeleteConversation]) -> Done:
    """Delete a conversation."""
    owner = call.principal.owner
    call.services.conversations.delete(owner, call.request.id)
    return Done()


@route(blueprint, catalog.QUERY_PROMPTS)
def prompts(call: Call[QueryPrompts]) -> QueryPromptsResponse:
    """List system prompts."""
    owner = call.principal.owner
    own = call.services.conversations.prompts(owner)
    replaced = {prompt.id for prompt in own}
    rows = [_row(prompt, is_own=True) for prompt in own]
    rows += [_row(prompt, is_own=False) for prompt in SYSTEM_PROMPTS if prompt.id not in replaced]
    return QueryPromptsResponse(total=len(rows), results=rows)


@route(blueprint, catalog.SAVE_PROMPT)
def save_prompt(call: Call[SavePrompt]) -> Done:
    """Save a system prompt."""
    owner, wanted = call.principal.owner, call.request
    call.services.conversations.save_prompt(owner, Prompt(wanted.id, wanted.name, wanted.value))
    return Done()


@route(blueprint, catalog.DELETE_PROMPT)
def delete_prompt(call: Call[DeletePrompt]) -> Done:
    """Delete a system prompt."""
    owner = call.principal.owner
    call.services.conversations.delete_prompt(owner, call.request.id)
    return Done()


def texts_of(value: Any) -> list[str]:
    """Return the texts of a document, for the search; pictures and settings are none."""
    found, open_ = [], [value]
    while open_:
        one = open_.pop()
        if isinstance(one, dict):
            found += [text for name, text in one.items() if name in _TEXTS and _is_text(text)]
            open_ += one.values()
        elif isinstance(one, list):
            open_ += one
    return found


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _head(one: Conversation) -> dict[str, Any]:
    return {
        "id": one.id,
        "title": one.title,
        "model": one.model,
        "version": one.version,
        "created_date": iso_date(one.created_ms),
        "modified_date": iso_date(one.modified_ms),
        "pinned": bool(one.pinned),
    }


def _row(prompt: Prompt, *, is_own: bool) -> PromptRow:
    return PromptRow(id=prompt.id, name=prompt.name, value=prompt.value, is_own=is_own)
