"""The chat page's conversations and system prompts, in the database, each its owner's own.

A conversation is one document, made and read by the page. `version` counts its savings: who saves
names the one they know, so that two open pages cannot overwrite each other unseen.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import (
    BigInteger,
    Column,
    Connection,
    Integer,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    delete,
    func,
    insert,
    select,
    update,
)

from shared.database.database import Database
from shared.database.octets import Texts
from shared.database.turns import take_turn
from shared.errors import ConversationChanged, ConversationNotFound, TooManyConversations

metadata: Final = MetaData()

#: Most conversations, and most prompts, that one owner keeps.
MOST: Final = 10_000

_conversations: Final = Table(
    "conversations",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("title", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("version", Integer, nullable=False),
    Column("created_ms", BigInteger, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
    Column("content", Text, nullable=False),
    Column("words", Text, nullable=False),
    Column("pinned", SmallInteger, nullable=False, server_default="0"),
)
_prompts: Final = Table(
    "prompts",
    metadata,
    Column("owner", Text, primary_key=True),
    Column("id", String(64), primary_key=True),
    Column("name", Text, nullable=False),
    Column("value", Text, nullable=False),
    Column("modified_ms", BigInteger, nullable=False),
)
_c: Final = _conversations.c
_HEAD: Final = (
    *(_c.id, _c.title, _c.model, _c.version, _c.created_ms, _c.modified_ms),
    _c.pinned,
)


_TEXTS: Final = Texts(_conversations, (_c.content, _c.words), "content", TooManyConversations)
_PROMPT_TEXTS: Final = Texts(_prompts, (_prompts.c.value,), "value", TooManyConversations)


@dataclass(frozen=True, slots=True)
class Conversation:
    """A conversation; `content` is the page's document, None where only its head was asked for.

    Times are unix milliseconds.
    """

    id: str
    title: str
    model: str
    version: int
    created_ms: int
    modified_ms: int
    pinned: int = 0
    content: str | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """A conversation to save; `version` is the one its page knows, 0 for a new one.

    `words` is what a search looks through.
    """

    id: str
    title: str
    model: str
    version: int
    content: str
    words: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """A system prompt under a name."""

    id: str
    name: str
    value: str


class ConversationStore:
    """Reads and writes of one owner's conversations at a time. All raise DatabaseUnavailable."""

    def __init__(
        self, database: Database, clock: Callable[[], float] = time.time, most_bytes: int = 0
    ) -> None:
        self._database = database
        self._clock = clock
        #: Most bytes of an owner's conversations, and of its prompts; 0: no limit.
        self._most_bytes = most_bytes

    def find(self, owner: str, text: str, skip: int, take: int) -> tuple[list[Conversation], int]:
        """Return those that hold the text, pinned ones and then the latest first; and how many.

        They come without content.
        """
        matching = [_c.owner == owner]
        if text:
            matching.append(func.lower(_c.words).contains(text.lower(), autoescape=True))

        def read(connection: Connection) -> tuple[list[Conversation], int]:
            query = (
                select(*_HEAD)
                .where(*matching)
                .order_by(_c.pinned.desc(), _c.modified_ms.desc(), _c.id)
            )
            rows = connection.execute(query.offset(skip).limit(take)).mappings()
            total = connection.scalar(select(func.count()).where(*matching)) or 0
            return [Conversation(**row) for row in rows], total

        return self._database.search(read)

    def get(self, owner: str, conversation_id: str) -> Conversation:
        """Return one with its content. Raises ConversationNotFound."""
        query = select(*_HEAD, _c.content).where(_c.owner == owner, _c.id == conversation_id)
        row = self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None:
            raise ConversationNotFound(field="id")
        return Conversation(**row)

    def save(self, owner: str, draft: Draft) -> int:
        """Save a new conversation, or one that nobody else saved meanwhile; return its version.

        Raises ConversationChanged, ConversationNotFound and TooManyConversations.
        """
        now_ms = self._now_ms()
        values = {
            "title": draft.title,
            "model": draft.model,
            "content": draft.content,
            "words": draft.words,
            "modified_ms": now_ms,
        }

        def write(connection: Connection) -> int:
            take_turn(connection, _conversations, owner)
            version = _save(connection, owner, draft, values)
            _TEXTS.check(connection, owner, self._most_bytes)
            return version

        return self._database.write(write)

    def pin(self, owner: str, conversation_id: str, *, pinned: bool) -> None:
        """Pin one or let it go; when it was changed last stays. Raises ConversationNotFound."""
        this = (_c.owner == owner, _c.id == conversation_id)
        statement = update(_conversations).where(*this).values(pinned=int(pinned))
        if not self._database.write(lambda connection: connection.execute(statement).rowcount):
            raise ConversationNotFound(field="id")

    def delete(self, owner: str, conversation_id: str) -> None:
        """Delete one; it is no error when there is none."""
        statement = delete(_conversations).where(_c.owner == owner, _c.id == conversation_id)
        self._database.write(lambda connection: connection.execute(statement))

    def prompts(self, owner: str) -> list[Prompt]:
        """Return the owner's prompts by name."""
        query = select(_prompts.c.id, _prompts.c.name, _prompts.c.value).where(
            _prompts.c.owner == owner
        )

        def read(connection: Connection) -> list[Prompt]:
            rows = connection.execute(query.order_by(_prompts.c.name, _prompts.c.id)).mappings()
            return [Prompt(**row) for row in rows]

        return self._database.read(read)

    def save_prompt(self, owner: str, prompt: Prompt) -> None:
        """Save a prompt under its id. Raises TooManyConversations."""
        row = {"name": prompt.name, "value": prompt.value, "modified_ms": self._now_ms()}
        this = (_prompts.c.owner == owner, _prompts.c.id == prompt.id)

        def write(connection: Connection) -> None:
            take_turn(connection, _prompts, owner)
            if connection.execute(update(_prompts).where(*this).values(row)).rowcount == 0:
                _check_room(connection, _prompts, owner)
                connection.execute(insert(_prompts).values(owner=owner, id=prompt.id, **row))
            _PROMPT_TEXTS.check(connection, owner, self._most_bytes)

        self._database.write(write)

    def delete_prompt(self, owner: str, prompt_id: str) -> None:
        """Delete one; it is no error when there is none."""
        statement = delete(_prompts).where(_prompts.c.owner == owner, _prompts.c.id == prompt_id)
        self._database.write(lambda connection: connection.execute(statement))

    def _now_ms(self) -> int:
        return round(self._clock() * 1000)


def _save(connection: Connection, owner: str, draft: Draft, values: Mapping[str, Any]) -> int:
    this = (_c.owner == owner, _c.id == draft.id)
    known = connection.execute(select(_c.version, _c.content).where(*this)).first()
    if known is None:
        if draft.version:
            raise ConversationNotFound(field="id")
        _check_room(connection, _conversations, owner)
        born = {"owner": owner, "id": draft.id, "version": 1, "created_ms": values["modified_ms"]}
        connection.execute(insert(_conversations).values(**born, **values))
        return 1
    version, content = known
    if content == draft.content and version == draft.version + 1:
        # The answer to the first try got lost.
        return int(version)
    if version != draft.version:
        raise ConversationChanged(field="version")
    connection.execute(update(_conversations).where(*this).values(version=version + 1, **values))
    return int(version) + 1


def _check_room(connection: Connection, table: Table, owner: str) -> None:
    count = connection.scalar(select(func.count()).select_from(table).where(table.c.owner == owner))
    if (count or 0) >= MOST:
        raise TooManyConversations
