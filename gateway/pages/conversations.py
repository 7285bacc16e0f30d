"""What the chat page keeps, by DTO like everything else: conversations and system prompts."""

from __future__ import annotations

import json
from typing import Any, Final

from flask import Blueprint, Response, request

from gateway.http.binding import bind
from gateway.http.routes import dto_route
from gateway.http.rows import rows_of
from gateway.pages.system_prompts import SYSTEM_PROMPTS
from gateway.services import services
from shared.conversations import Conversation, Draft, Prompt
from shared.dtos.base import Dto
from shared.dtos.conversations import (
    ConversationHead,
    ConversationWhole,
    DeleteConversation,
    DeletePrompt,
    Done,
    GetConversation,
    GetConversationResponse,
    PromptRow,
    QueryConversations,
    QueryConversationsResponse,
    QueryPrompts,
    QueryPromptsResponse,
    SaveConversation,
    SaveConversationResponse,
    SavePrompt,
)
from shared.dtos.moments import iso_date

blueprint = Blueprint("conversations", __name__)

#: Names under which a document holds text that a search should find.
_TEXTS: Final = frozenset(("text", "title"))


@dto_route(blueprint, "QueryConversations", "GET")
def query() -> Response:
    """List conversations."""
    owner = services().keys.authenticate(request).owner
    wanted = bind(QueryConversations)
    found, total = services().conversations.find(owner, wanted.text, wanted.skip, wanted.take)
    heads = rows_of(found, lambda one: ConversationHead(**_head(one)))
    return _json(QueryConversationsResponse(offset=wanted.skip, total=total, results=heads))


@dto_route(blueprint, "GetConversation", "GET")
def get() -> Response:
    """Read a conversation."""
    owner = services().keys.authenticate(request).owner
    one = services().conversations.get(owner, bind(GetConversation).id)
    whole = ConversationWhole(**_head(one), content=json.loads(one.content or "{}"))
    return _json(GetConversationResponse(result=whole))


@dto_route(blueprint, "SaveConversation", "POST")
def save() -> Response:
    """Save a conversation."""
    owner = services().keys.authenticate(request).owner
    wanted = bind(SaveConversation, services().settings.max_body_bytes)
    draft = Draft(
        id=wanted.id,
        title=wanted.title,
        model=wanted.model,
        version=wanted.version,
        content=json.dumps(wanted.content, ensure_ascii=False, separators=(",", ":")),
        words="\n".join([wanted.title, *texts_of(wanted.content)]),
    )
    version = services().conversations.save(owner, draft)
    return _json(SaveConversationResponse(id=wanted.id, version=version))


@dto_route(blueprint, "DeleteConversation", "POST")
def delete() -> Response:
    """Delete a conversation."""
    owner = services().keys.authenticate(request).owner
    services().conversations.delete(owner, bind(DeleteConversation).id)
    return _json(Done())


@dto_route(blueprint, "QueryPrompts", "GET")
def prompts() -> Response:
    """List system prompts."""
    owner = services().keys.authenticate(request).owner
    bind(QueryPrompts)
    own = services().conversations.prompts(owner)
    replaced = {prompt.id for prompt in own}
    rows = [_row(prompt, is_own=True) for prompt in own]
    rows += [_row(prompt, is_own=False) for prompt in SYSTEM_PROMPTS if prompt.id not in replaced]
    return _json(QueryPromptsResponse(total=len(rows), results=rows))


@dto_route(blueprint, "SavePrompt", "POST")
def save_prompt() -> Response:
    """Save a system prompt."""
    owner = services().keys.authenticate(request).owner
    wanted = bind(SavePrompt)
    services().conversations.save_prompt(owner, Prompt(wanted.id, wanted.name, wanted.value))
    return _json(Done())


@dto_route(blueprint, "DeletePrompt", "POST")
def delete_prompt() -> Response:
    """Delete a system prompt."""
    owner = services().keys.authenticate(request).owner
    services().conversations.delete_prompt(owner, bind(DeletePrompt).id)
    return _json(Done())


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
    }


def _row(prompt: Prompt, *, is_own: bool) -> PromptRow:
    return PromptRow(id=prompt.id, name=prompt.name, value=prompt.value, is_own=is_own)


def _json(dto: Dto) -> Response:
    return Response(dto.to_json(), mimetype="application/json")
