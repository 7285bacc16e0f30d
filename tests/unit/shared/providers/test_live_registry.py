"""The live registry: how it is seeded, changed, applied, and followed."""

from __future__ import annotations

from typing import Any

import pytest
import redis

from shared.providers import registry_document as documents
from shared.providers.health import HealthBook
from shared.providers.provider import Provider, Registry
from shared.providers.registry_document import Difference, Origin, RegistryDocument
from shared.providers.registry_follower import RegistryFollower
from shared.providers.registry_store import RegistryStore
from shared.store import redis_keys as keys
from shared.store.client import connect


def provider(name: str, **fields: Any) -> Provider:
    return Provider.model_validate(
        {"name": name, "base_url": "http://127.0.0.1:1/v1", "models": ["m"], **fields}
    )


def names(document: RegistryDocument) -> list[str]:
    return [one.name for one in document.providers]


def test_seeding_adds_follows_and_removes_what_is_the_files() -> None:
    first = documents.seeded(RegistryDocument(), [provider("a"), provider("b")], 5)
    second = documents.seeded(first, [provider("b", priority=7), provider("c")], 9)
    assert names(second) == ["b", "c"]
    entry = second.entry("b")
    assert entry is not None
    assert (entry.provider.priority, entry.id, entry.created_ms) == (7, 2, 5)


def test_seeding_leaves_alone_what_the_api_made_changed_or_deleted() -> None:
    document = documents.seeded(RegistryDocument(), [provider("a"), provider("b")], 5)
    document = documents.changed(document, 1, provider("a", priority=9))
    document = documents.removed(document, "b")
    document = documents.added(document, provider("mine"), 6)
    again = documents.seeded(document, [provider("a"), provider("b")], 7)
    assert again == document
    assert [(e.provider.name, e.origin) for e in again.entries] == [
        ("a", Origin.API),
        ("mine", Origin.API),
    ]


def test_applying_makes_the_registry_equal_the_file_and_keeps_ids() -> None:
    document = documents.seeded(RegistryDocument(), [provider("a"), provider("b")], 5)
    document = documents.changed(document, 2, provider("b", priority=9))
    document = documents.added(documents.removed(document, "a"), provider("mine"), 6)
    file = [provider("a"), provider("b", priority=1)]
    applied = documents.applied(document, file, 7)
    assert applied.providers == file
    assert [entry.id for entry in applied.entries] == [4, 2]
    assert documents.differences(applied, file) == []
    assert documents.seeded(applied, file, 8) == applied


def test_differences_say_what_applying_would_do_and_show_no_key() -> None:
    document = documents.added(RegistryDocument(), provider("a", sealed_key="gAAA"), 1)
    document = documents.added(document, provider("old"), 1)
    found = documents.differences(document, [provider("a", priority=3), provider("new")])
    assert found == [
        Difference("a", "change", (("sealed_key", "(not shown)", None), ("priority", 0, 3))),
        Difference("new", "add"),
        Difference("old", "remove"),
    ]


def test_change_is_made_on_what_others_saved_meanwhile(ledger_redis: redis.Redis) -> None:
    store = RegistryStore(ledger_redis)
    other = RegistryStore(ledger_redis)
    calls = []

    def add(document: RegistryDocument) -> RegistryDocument:
        if not calls:
            other.change(lambda old: documents.added(old, provider("theirs"), 1))
        calls.append(names(document))
        return documents.added(document, provider("mine"), 1)

    assert names(store.change(add)) == ["theirs", "mine"]
    assert calls == [[], ["theirs"]]
    assert store.version() == 2


def test_seed_without_a_file_changes_nothing(ledger_redis: redis.Redis) -> None:
    store = RegistryStore(ledger_redis)
    store.seed([provider("a")])
    assert names(store.seed(None)) == ["a"]
    assert names(store.seed([])) == []


def test_follower_takes_over_changes_and_tells_of_them(ledger_redis: redis.Redis) -> None:
    registry = Registry([])
    follower = RegistryFollower(ledger_redis, registry, HealthBook(), [provider("a")])
    told: list[list[str]] = []
    follower.on_change(lambda: told.append(registry.models))
    follower.look()
    follower.look()
    follower.store.change(lambda old: documents.added(old, provider("b", models=["n"]), 1))
    follower.look()
    assert told == [["m"], ["m", "n"]]


def test_follower_seeds_again_when_redis_was_emptied(ledger_redis: redis.Redis) -> None:
    registry = Registry([])
    follower = RegistryFollower(ledger_redis, registry, HealthBook(), [provider("a")])
    follower.look()
    ledger_redis.flushall()
    follower.look()
    assert ledger_redis.exists(keys.REGISTRY)
    assert registry.models == ["m"]


def test_outage_is_said_once_and_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    client = connect("redis://127.0.0.1:1/0", timeout_s=1, name="test")
    follower = RegistryFollower(client, Registry([]), HealthBook(), [])
    for _ in range(3):
        follower._try(follower.look)
    (line,) = [one for one in caplog.messages if "registry not reachable" in one]
    assert "127.0.0.1:1" in line


def test_follower_keeps_the_last_known_registry_while_redis_is_away() -> None:
    registry = Registry([provider("a")])
    nobody = connect("redis://127.0.0.1:1", timeout_s=0.1, name="tests")
    follower = RegistryFollower(nobody, registry, HealthBook(), [provider("a")])
    follower.start()
    follower.stop()
    assert registry.models == ["m"]


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        pytest.param({"models": {"m": {"model": "x", "temperatur": 1}}}, "temperatur", id="typo"),
        pytest.param({"models": {"m": {"model": 5}}}, "models", id="model is no text"),
        pytest.param({"defaults": {"n": {}}}, "'n' is not one", id="defaults of another model"),
        pytest.param({"requests_per_minute": 0}, "requests_per_minute", id="no requests at all"),
        pytest.param({"name": "a\nb"}, "name", id="control character"),
    ],
)
def test_provider_with_a_wrong_field_is_refused(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(ValueError, match=where):
        provider(**{"name": "a", **fields})


def test_model_may_be_a_table_with_defaults() -> None:
    one = provider("a", models={"m": {"model": "own", "temperature": 0.2, "body": {"k": [1]}}})
    assert one.models == {"m": "own"}
    assert one.defaults["m"].members == {"k": [1], "temperature": 0.2}
    assert Provider.model_validate_json(one.model_dump_json()) == one
