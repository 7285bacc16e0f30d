"""What the chat page keeps."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from pydantic import SecretStr
from sqlalchemy import inspect

from gateway.pages.conversations import texts_of
from gateway.pages.system_prompts import SYSTEM_PROMPTS
from shared import conversations as conversation_store
from shared.conversations import ConversationStore, Draft, Prompt, metadata
from shared.database.database import Database
from shared.errors import ConversationChanged, ConversationNotFound, TooManyConversations
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build


def _draft(name: str = "c1", version: int = 0, **fields: Any) -> Draft:
    values = {"title": "Title", "model": "m", "content": '{"a":1}', "words": "Title"}
    return Draft(id=name, version=version, **{**values, **fields})


@pytest.fixture
def store(database: Database) -> ConversationStore:
    moments = iter(range(1, 1000))
    return ConversationStore(database, lambda: float(next(moments)))


def test_tables_are_those_that_the_migration_makes(database: Database) -> None:
    for table in metadata.sorted_tables:
        made = database.read(
            lambda c, name=table.name: {column["name"] for column in inspect(c).get_columns(name)}
        )
        assert made == set(table.c.keys())


def test_save_counts_versions_and_keeps_the_date_of_birth(store: ConversationStore) -> None:
    assert store.save("a", _draft()) == 1
    assert store.save("a", _draft(version=1, content='{"a":2}', title="New")) == 2

    found = store.get("a", "c1")

    assert (found.version, found.title, found.content) == (2, "New", '{"a":2}')
    assert found.created_ms < found.modified_ms


def test_save_again_after_a_lost_answer_is_the_same_save(store: ConversationStore) -> None:
    store.save("a", _draft())

    assert store.save("a", _draft()) == 1
    assert store.get("a", "c1").version == 1


def test_save_over_what_another_page_saved_is_refused(store: ConversationStore) -> None:
    store.save("a", _draft())
    store.save("a", _draft(version=1, content='{"a":2}'))

    with pytest.raises(ConversationChanged):
        store.save("a", _draft(version=1, content='{"a":3}'))
    assert store.get("a", "c1").content == '{"a":2}'


def test_save_of_a_deleted_conversation_does_not_bring_it_back(store: ConversationStore) -> None:
    store.save("a", _draft())
    store.delete("a", "c1")

    with pytest.raises(ConversationNotFound):
        store.save("a", _draft(version=1))


def test_conversation_is_its_owners_alone(store: ConversationStore) -> None:
    store.save("a", _draft())

    with pytest.raises(ConversationNotFound):
        store.get("b", "c1")
    store.delete("b", "c1")
    assert store.find("b", "", 0, 10) == ([], 0)
    assert store.get("a", "c1").id == "c1"


def test_find_lists_the_latest_first_in_pages(store: ConversationStore) -> None:
    for name in ("c1", "c2", "c3"):
        store.save("a", _draft(name))
    store.save("a", _draft("c1", version=1, content="{}"))

    page, total = store.find("a", "", 0, 2)
    rest, _ = store.find("a", "", 2, 2)

    assert [one.id for one in (*page, *rest)] == ["c1", "c3", "c2"]
    assert total == 3
    assert page[0].content is None


@pytest.mark.parametrize(
    ("text", "found"), [("PARIS", ["c1"]), ("100%", ["c2"]), ("%", ["c2"]), ("_", []), ("x", [])]
)
def test_find_takes_text_as_text(store: ConversationStore, text: str, found: list[str]) -> None:
    store.save("a", _draft("c1", words="Trip to Paris"))
    store.save("a", _draft("c2", words="100% sure"))

    assert [one.id for one in store.find("a", text, 0, 10)[0]] == found


def test_store_keeps_a_bounded_number(
    store: ConversationStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(conversation_store, "MOST", 1)
    store.save("a", _draft("c1"))

    with pytest.raises(TooManyConversations):
        store.save("a", _draft("c2"))
    store.save("b", _draft("c2"))


def test_store_keeps_a_bounded_number_of_bytes(database: Database) -> None:
    store = ConversationStore(database, most_bytes=100)
    store.save("a", _draft("c1", content='"' + "ä" * 20 + '"', words="ä" * 20))
    with pytest.raises(TooManyConversations, match="content: this key's conversations would have"):
        store.save("a", _draft("c2", content="x" * 20))
    with pytest.raises(ConversationNotFound):
        store.get("a", "c2")
    with pytest.raises(TooManyConversations) as raised:
        store.save("a", _draft("c1", version=1, content="x" * 101))
    assert (raised.value.status, raised.value.field) == (422, "content")
    assert store.get("a", "c1").version == 1
    store.save("a", _draft("c1", version=1, content="x" * 80))
    store.save("a", _draft("c2", content="x" * 10))
    store.save("b", _draft("c2", content="x" * 90))
    store.save_prompt("a", Prompt("p", "p", "x" * 90))
    store.save_prompt("a", Prompt("p", "p", "x" * 95))
    with pytest.raises(TooManyConversations, match="value: this key's prompts would have"):
        store.save_prompt("a", Prompt("q", "q", "x" * 10))
    assert [one.id for one in store.prompts("a")] == ["p"]


def test_texts_of_finds_what_was_said_and_no_pictures() -> None:
    document = {
        "nodes": {
            "1": {"text": "Hello", "images": ["data:image/png;base64,AAAA"]},
            "2": {"text": "Bonjour", "reasoning": "hidden"},
        },
        "settings": {"system": "be kind"},
    }

    assert sorted(texts_of(document)) == ["Bonjour", "Hello"]


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    secrets = {"api_key": SecretStr(API_KEY), "auth_secret": SecretStr(ADMIN_SECRET)}
    return build(fake_redis, new_settings(**secrets))


def test_conversation_comes_back_as_it_was_saved(gateway: Gateway) -> None:
    content = {"nodes": {"1": {"text": "Gruß 🎈", "children": []}}, "leaf": None}
    body = {"id": "abc-1", "title": "Gruß", "model": "m", "content": content}

    saved = gateway.post("/api/SaveConversation", body)
    found = gateway.get("/api/QueryConversations?text=gruß")
    read = gateway.get("/api/GetConversation?id=abc-1")

    assert saved.json == {"id": "abc-1", "version": 1}
    assert [one["id"] for one in found.json["results"]] == ["abc-1"]
    assert read.json["result"]["content"] == content
    assert gateway.get("/api/GetConversation?id=abc-1", key=ADMIN_SECRET).status_code == 404


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"id": "../x"}, "id"),
        ({"id": ""}, "id"),
        ({"title": "t" * 301}, "title"),
        ({"content": "text"}, "content"),
        ({"version": -1}, "version"),
    ],
)
def test_save_refuses_what_is_no_conversation(
    gateway: Gateway, change: dict[str, Any], field: str
) -> None:
    body = {"id": "c", "title": "t", "content": {}, **change}

    answer = gateway.post("/api/SaveConversation", body)

    assert answer.status_code == 400
    assert answer.json["error"]["param"] == field
    assert gateway.get("/api/QueryConversations").json["total"] == 0


def test_prompt_of_ones_own_takes_the_place_of_ours_until_it_is_deleted(gateway: Gateway) -> None:
    ours = SYSTEM_PROMPTS[0]
    own = {"id": ours.id, "name": "Mine", "value": "Be brief."}

    gateway.post("/api/SavePrompt", own)
    gateway.post("/api/SavePrompt", {**own, "value": "Be very brief."})
    with_own = gateway.get("/api/QueryPrompts").json["results"]
    gateway.post("/api/DeletePrompt", {"id": ours.id})
    without = gateway.get("/api/QueryPrompts").json["results"]

    assert with_own[0] == {**own, "value": "Be very brief.", "isOwn": True}
    assert len(with_own) == len(without) == len(SYSTEM_PROMPTS)
    assert {"id": ours.id, "name": ours.name, "value": ours.value, "isOwn": False} in without
