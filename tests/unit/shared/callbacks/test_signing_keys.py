"""The owners' signing secrets: rotation with an overlap, sealed, the deployment's as fallback."""

from __future__ import annotations

import logging

import pytest
import redis
from pydantic import SecretStr

from shared.callbacks.signing_keys import CallbackKeyStore
from shared.security.sealing import new_encryption_key
from shared.security.signing import PrivateKey, SecretKey, new_private_key
from shared.settings import Settings
from shared.store import redis_keys
from tests.support.factories import START_MS, FakeClock, dump, new_settings
from workers.callbacks.signing_keys import SigningKeys

DAY_S = 86_400
BOOTSTRAP = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def settings_with_secrets() -> Settings:
    return new_settings(
        callback_secret=SecretStr(BOOTSTRAP), encryption_key=SecretStr(new_encryption_key())
    )


@pytest.fixture
def store(ledger_redis: redis.Redis, fake_clock: FakeClock) -> CallbackKeyStore:
    return CallbackKeyStore(ledger_redis, settings_with_secrets(), fake_clock)


def ids(store: CallbackKeyStore, owner: str = "ann") -> list[str]:
    return [known.key.id for known in store.of(owner)]


def id_of(secret: str) -> str:
    return SecretKey(secret).id


def test_owner_without_a_secret_has_the_deployments(store: CallbackKeyStore) -> None:
    assert ids(store) == [id_of(BOOTSTRAP)]


def test_rotation_adds_the_new_secret_and_ends_the_old_one_after_a_day(
    store: CallbackKeyStore, fake_clock: FakeClock
) -> None:
    new = store.rotate("ann")

    assert new.key_id == id_of(new.secret)
    assert (new.created_ms, new.previous_expire_ms) == (START_MS, START_MS + DAY_S * 1000)
    assert ids(store) == [new.key_id, id_of(BOOTSTRAP)]
    assert [known.expires_ms for known in store.of("ann")] == [0, START_MS + DAY_S * 1000]
    fake_clock.advance(DAY_S - 1)
    assert len(ids(store)) == 2
    fake_clock.advance(1)
    assert ids(store) == [new.key_id]


def test_rotation_concerns_nobody_else(store: CallbackKeyStore) -> None:
    store.rotate("ann")
    assert ids(store, "bob") == [id_of(BOOTSTRAP)]


def test_second_rotation_does_not_prolong_the_first_secret(
    store: CallbackKeyStore, fake_clock: FakeClock
) -> None:
    first = store.rotate("ann")
    fake_clock.advance(DAY_S / 2)
    second = store.rotate("ann")
    assert ids(store) == [second.key_id, first.key_id, id_of(BOOTSTRAP)]
    fake_clock.advance(DAY_S / 2)
    assert ids(store) == [second.key_id, first.key_id]
    fake_clock.advance(DAY_S / 2)
    assert ids(store) == [second.key_id]


def test_rotation_without_overlap_ends_the_old_secrets_at_once(store: CallbackKeyStore) -> None:
    store.rotate("ann")
    new = store.rotate("ann", 0)
    assert ids(store) == [new.key_id]


def test_keys_stay_few_when_rotated_often(store: CallbackKeyStore, fake_clock: FakeClock) -> None:
    made = []
    for _ in range(8):
        fake_clock.advance(1)
        made.append(store.rotate("ann").key_id)
    assert ids(store) == made[:-6:-1]


def test_redis_holds_secrets_sealed_only(
    store: CallbackKeyStore, ledger_redis: redis.Redis
) -> None:
    new = store.rotate("ann")
    held = repr(dump(ledger_redis))
    assert new.secret.removeprefix("whsec_") not in held
    assert BOOTSTRAP.removeprefix("whsec_") not in held


def test_deployments_secret_is_used_when_redis_lost_the_owners(
    store: CallbackKeyStore, ledger_redis: redis.Redis
) -> None:
    store.rotate("ann")
    ledger_redis.flushall()
    assert ids(store) == [id_of(BOOTSTRAP)]


def test_deployments_secret_is_used_when_the_owners_cannot_be_opened(
    store: CallbackKeyStore, ledger_redis: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    store.rotate("ann")
    other = CallbackKeyStore(ledger_redis, settings_with_secrets())
    with caplog.at_level(logging.WARNING):
        assert ids(other) == [id_of(BOOTSTRAP)]
    assert "REPLYTO_ENCRYPTION_KEY" in caplog.text


# --- as the worker has them -----------------------------------------------------------------------


def signing(store: CallbackKeyStore, clock: FakeClock, mode: str) -> SigningKeys:
    pairs = [] if mode == "symmetric" else [PrivateKey(new_private_key())]
    return SigningKeys(store, pairs, lambda: clock() / 1000, with_secrets=mode != "asymmetric")


def test_worker_notices_a_rotation_within_a_second(
    store: CallbackKeyStore, fake_clock: FakeClock
) -> None:
    keys = signing(store, fake_clock, "symmetric")
    assert [key.id for key in keys.of("ann")] == [id_of(BOOTSTRAP)]
    new = store.rotate("ann", 0)
    fake_clock.advance(1)
    assert [key.id for key in keys.of("ann")] == [new.key_id]


def test_worker_asks_redis_once_a_second_when_it_sends_much(
    store: CallbackKeyStore, fake_clock: FakeClock, ledger_redis: redis.Redis
) -> None:
    keys = signing(store, fake_clock, "symmetric")
    before = keys.of("ann")
    ledger_redis.hset(redis_keys.callback_keys("ann"), "x", b"broken")
    assert keys.of("ann") is before


@pytest.mark.parametrize(
    ("mode", "versions"),
    [("symmetric", ["v1"]), ("asymmetric", ["v1a"]), ("both", ["v1", "v1a"])],
)
def test_mode_says_what_signs(
    store: CallbackKeyStore, fake_clock: FakeClock, mode: str, versions: list[str]
) -> None:
    keys = signing(store, fake_clock, mode).of("ann")
    assert [key.sign("msg_1", 1, b"{}").partition(",")[0] for key in keys] == versions
