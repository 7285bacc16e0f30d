"""Issued keys on their way to the gateways: what is held, what is told, what is found again."""

from __future__ import annotations

import time

import fakeredis
import pytest
import redis
from flask import Flask, request
from pydantic import SecretStr

from gateway.auth import key_keeper
from gateway.auth.authenticator import Keys
from gateway.auth.issued_keys import HELD_S, IssuedKeys
from gateway.auth.key_keeper import KeyKeeper
from gateway.auth.sessions import Sessions
from gateway.auth.wrong_keys import WrongKeys
from shared.api_keys import book, reader
from shared.api_keys.issued import IssuedKey, NewKey
from shared.api_keys.record import ApiKey, digest
from shared.api_keys.store import KeyStore, RecordsMissing
from shared.database.database import Database
from shared.errors import DatabaseUnavailable, InvalidApiKey
from shared.settings import new_api_key
from tests.acceptance.system.polling import until
from tests.support.factories import new_settings

DIGEST = digest("ak-some-key")


class Stopwatch:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def store(ledger_redis: redis.Redis) -> KeyStore:
    store = KeyStore(ledger_redis)
    store.complete(gone=())
    return store


def key(revision: int = 1, **fields: object) -> ApiKey:
    return ApiKey(7, DIGEST, "key_7", revision=revision, **fields)  # type: ignore[arg-type]


# --- Redis ----------------------------------------------------------------------------------------


def test_store_never_replaces_a_newer_record(store: KeyStore) -> None:
    assert store.put([key(2, revoked=True)]) == 1
    assert store.put([key(1)]) == 0
    assert store.put([key(2)]) == 0
    found = store.find(DIGEST)
    assert found is not None
    assert found.revoked


def test_store_tells_unknown_keys_from_lost_records(
    store: KeyStore, ledger_redis: redis.Redis
) -> None:
    assert store.find(DIGEST) is None
    ledger_redis.flushall()
    with pytest.raises(RecordsMissing):
        store.find(DIGEST)


# --- a gateway process ----------------------------------------------------------------------------


def test_record_is_held_for_less_than_a_second(
    fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, watch = KeyStore(fake_redis), Stopwatch()
    store.complete(gone=())
    store.put([key(1)])
    issued = IssuedKeys(fake_redis, store, rebuild=pytest.fail, monotonic=watch)
    # Nothing that is published arrives.
    monkeypatch.setattr(issued, "_start", lambda: None)
    assert issued.find(DIGEST) == key(1)
    store.put([key(2, revoked=True)])
    watch.now_s += HELD_S - 0.01
    assert issued.find(DIGEST) == key(1)
    watch.now_s += 0.02
    assert issued.find(DIGEST) == key(2, revoked=True)
    assert HELD_S < 1


@pytest.mark.integration
def test_change_is_told_to_every_gateway_process_at_once(real_redis: redis.Redis) -> None:
    store = KeyStore(real_redis)
    store.complete(gone=())
    store.put([key(1)])
    # Their clocks stand still: what they hold never runs out by itself.
    gateways = [
        IssuedKeys(real_redis, store, rebuild=pytest.fail, monotonic=Stopwatch()) for _ in range(2)
    ]
    assert [gateway.find(DIGEST) for gateway in gateways] == [key(1)] * 2
    until(lambda: real_redis.pubsub_numsub("keys:changed")[0][1] == 2, "both listen")
    store.put([key(2, revoked=True)])
    until(
        lambda: all(gateway.find(DIGEST) == key(2, revoked=True) for gateway in gateways),
        "both know",
    )
    for gateway in gateways:
        gateway.close()


def test_wrong_keys_do_not_fill_the_memory(
    fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("gateway.auth.issued_keys._HELD_MOST", 10)
    store = KeyStore(fake_redis)
    store.complete(gone=())
    issued = IssuedKeys(fake_redis, store, rebuild=pytest.fail)
    for number in range(50):
        assert issued.find(digest(str(number))) is None
    assert len(issued._held) == 10


# --- the keeper -----------------------------------------------------------------------------------


def issue(database: Database, secret: str, **fields: object) -> IssuedKey:
    new = NewKey("test", **fields)  # type: ignore[arg-type]
    return database.write(lambda c: book.issue(c, new, secret, round(time.time() * 1000)))


@pytest.fixture
def keeper(database: Database, fake_redis: redis.Redis) -> KeyKeeper:
    return KeyKeeper(database, KeyStore(fake_redis))


def test_rebuild_makes_redis_as_the_database_says(
    keeper: KeyKeeper, database: Database, fake_redis: redis.Redis
) -> None:
    store, secret = KeyStore(fake_redis), new_api_key()
    store.put([key(1)])
    issued = issue(database, secret)
    keeper.rebuild()
    found = store.find(digest(secret))
    assert found is not None
    assert (found.id, found.owner) == (issued.id, f"key_{issued.id}")
    # It is not in the database (any more): a stale record opens nothing.
    assert store.find(DIGEST) is None


def test_pass_takes_over_what_another_gateway_changed_and_died(
    keeper: KeyKeeper, database: Database, fake_redis: redis.Redis
) -> None:
    store, secret = KeyStore(fake_redis), new_api_key()
    issued = issue(database, secret)
    keeper.follow_changes()
    database.write(lambda c: book.revoke(c, issued.id, round(time.time() * 1000)))
    found = store.find(digest(secret))
    assert found is not None
    assert not found.revoked
    keeper.follow_changes()
    found = store.find(digest(secret))
    assert found is not None
    assert found.revoked


def test_rebuild_fails_fast_while_the_database_is_away(
    keeper: KeyKeeper, database: Database
) -> None:
    asked = []

    def away(*_: object, **__: object) -> None:
        asked.append(1)
        raise DatabaseUnavailable

    vars(database).update(read=away)
    for _ in range(20):
        with pytest.raises(DatabaseUnavailable):
            keeper.rebuild()
    assert len(asked) == 1


def test_uses_are_written_down_and_wait_while_the_database_is_away(
    keeper: KeyKeeper, database: Database
) -> None:
    issued = issue(database, new_api_key())

    def away(*_: object, **__: object) -> None:
        raise DatabaseUnavailable

    vars(database).update(write=away)
    with pytest.raises(DatabaseUnavailable):
        keeper.write_uses({issued.id: 5})
    del vars(database)["write"]
    keeper.write_uses({})
    assert database.read(lambda c: reader.find(c, issued.id)).last_used_ms == 5
    keeper.write_uses({issued.id: 4})
    assert database.read(lambda c: reader.find(c, issued.id)).last_used_ms == 5


def test_look_back_is_longer_than_several_passes() -> None:
    assert key_keeper._LOOK_BACK_MS > 10 * key_keeper._PASS_S * 1000


# --- the book -------------------------------------------------------------------------------------


def test_revision_grows_with_every_change_also_when_clocks_differ(database: Database) -> None:
    issued = issue(database, new_api_key())
    behind = issued.revision - 60_000
    changed = database.write(lambda c: book.change(c, issued.id, {"notes": "x"}, behind))
    rotated = database.write(lambda c: book.rotate(c, issued.id, new_api_key(), 0, behind))
    assert issued.revision < changed.revision < rotated.revision


def test_database_holds_no_secret(database: Database) -> None:
    secret = new_api_key()
    issue(database, secret, notes="n")
    for table in ("api_keys", "api_key_secrets"):
        rows = database.read(lambda c: c.exec_driver_sql(f"SELECT * FROM {table}").all())  # noqa: B023
        assert secret[8:] not in repr(rows)


# --- who calls ------------------------------------------------------------------------------------


def test_last_comparison_of_a_key_takes_the_same_time_in_any_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings = new_settings(
        api_key=SecretStr("ak-bootstrap"), auth_secret=SecretStr("ak-admin-secret")
    )
    compared: list[tuple[str, str]] = []

    def compare(one: str, other: str) -> bool:
        compared.append((one, other))
        return one == other

    class Found:
        def find(self, _: str) -> ApiKey:
            return ApiKey(7, digest("ak-another"), "key_7")

        def note_use(self, *_: int) -> None:
            pytest.fail("it was no use")

    monkeypatch.setattr("gateway.auth.authenticator.hmac.compare_digest", compare)
    keys = Keys(settings, Sessions(fakeredis.FakeRedis()), Found())  # type: ignore[arg-type]
    with (
        Flask("test").test_request_context(headers={"X-Api-Key": "ak-presented"}),
        pytest.raises(InvalidApiKey),
    ):
        keys.authenticate(request)
    # Both built-in keys, and the record that a lookup found, which is another's.
    assert [other for _, other in compared] == [digest("ak-presented")] * 3


def test_wrong_keys_wait_longer_and_longer_by_address() -> None:
    watch, waits = Stopwatch(), []
    wrong = WrongKeys(watch, waits.append)
    for _ in range(30):
        wrong.came_from("10.0.0.1")
    assert waits[:3] == pytest.approx([0.1, 0.2, 0.3])
    assert max(waits) == 1.0
    waits.clear()
    wrong.came_from("10.0.0.2")
    watch.now_s += 61
    wrong.came_from("10.0.0.1")
    assert waits == []


def test_wrong_keys_remember_a_bounded_number_of_addresses() -> None:
    wrong = WrongKeys(Stopwatch(), lambda _: None)
    for number in range(3_000):
        wrong.came_from(f"10.0.{number // 256}.{number % 256}")
    assert len(wrong._counts) == 1_000
