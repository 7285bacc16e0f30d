"""What all processes must have in common: who differs is refused, or tells of it."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import redis
from redis._parsers.base import BaseParser

from shared.database.database import Database
from shared.machines.database_id import OwnFingerprints, read_database_id
from shared.machines.fingerprints import NAMES, fingerprints
from shared.machines.identity import IdentityBook, MachineDiffers, check_at_start
from shared.machines.notices import Notices
from shared.machines.self_check import SelfCheck, clock_offset_s
from shared.security.sealing import new_encryption_key
from shared.security.signing import new_private_key
from shared.settings import Settings, SettingsError, new_callback_secret
from shared.store import redis_keys as keys
from shared.store.refusals import plain
from tests.support.factories import new_database, new_settings

SECRETS = {
    "callback_secret": new_callback_secret(),
    "encryption_key": new_encryption_key(),
    "callback_private_keys": new_private_key(),
}


def settings_of(**changed: Any) -> Settings:
    return new_settings(**{**SECRETS, **changed})


def own(database_id: str | None = "db-1", **changed: Any) -> dict[str, str]:
    return fingerprints(settings_of(**changed), database_id)


def test_fingerprint_tells_nothing_of_its_secret() -> None:
    told = own(callback_signing="both")
    assert told.keys() == NAMES.keys()
    for secret in SECRETS.values():
        assert not any(value in secret or secret in value for value in told.values())


def test_keys_that_sign_nothing_may_differ() -> None:
    assert own() == own(callback_private_keys=new_private_key())


@pytest.mark.parametrize(
    ("changed", "name"),
    [
        ({"callback_secret": new_callback_secret()}, "callback_secret"),
        ({"encryption_key": new_encryption_key()}, "encryption_key"),
        ({"callback_signing": "asymmetric"}, "signing_keys"),
        ({"database_id": "db-2"}, "database"),
    ],
)
def test_process_that_differs_is_refused_in_one_line(
    fake_redis: redis.Redis, changed: dict[str, Any], name: str
) -> None:
    check_at_start(settings_of(), fake_redis, own())
    check_at_start(settings_of(), fake_redis, own())
    with pytest.raises(MachineDiffers) as raised:
        check_at_start(settings_of(), fake_redis, own(**changed))
    line = str(raised.value)
    assert "\n" not in line
    assert NAMES[name][1].split(",")[0] in line
    assert "REPLYTO_ON_MISMATCH=adopt" in line
    assert not any(other[1] in line for key, other in NAMES.items() if key != name)


def test_keys_that_sign_are_compared(fake_redis: redis.Redis) -> None:
    check_at_start(settings_of(), fake_redis, own(callback_signing="both"))
    other = own(callback_signing="both", callback_private_keys=new_private_key())
    with pytest.raises(MachineDiffers, match="REPLYTO_CALLBACK_PRIVATE_KEYS"):
        check_at_start(settings_of(), fake_redis, other)


def test_order_of_signing_keys_is_free() -> None:
    first, second = new_private_key(), new_private_key()
    a = own(callback_signing="both", callback_private_keys=f"{first} {second}")
    assert a == own(callback_signing="both", callback_private_keys=f"{second}\n{first}")


def test_process_that_is_told_to_warn_starts(
    fake_redis: redis.Redis, caplog: pytest.LogCaptureFixture
) -> None:
    check_at_start(settings_of(), fake_redis, own())
    mine = own(callback_secret=new_callback_secret())
    check_at_start(settings_of(on_mismatch="warn"), fake_redis, mine)
    assert "REPLYTO_CALLBACK_SECRET" in caplog.text
    assert IdentityBook(fake_redis).differing(own()) == frozenset()


def test_process_that_adopts_makes_the_others_differ(fake_redis: redis.Redis) -> None:
    """A secret is changed on all machines, one process after the other."""
    check_at_start(settings_of(), fake_redis, own())
    new = own(callback_secret=new_callback_secret())
    for _ in range(2):
        check_at_start(settings_of(on_mismatch="adopt"), fake_redis, new)
    check_at_start(settings_of(), fake_redis, new)
    with pytest.raises(MachineDiffers):
        check_at_start(settings_of(), fake_redis, own())


def test_process_without_a_database_leaves_it_to_the_others(fake_redis: redis.Redis) -> None:
    check_at_start(settings_of(), fake_redis, own(None))
    check_at_start(settings_of(), fake_redis, own("db-1"))
    check_at_start(settings_of(), fake_redis, own(None))
    with pytest.raises(MachineDiffers, match="REPLYTO_DATABASE_URL"):
        check_at_start(settings_of(), fake_redis, own("db-2"))


def test_redis_that_is_away_keeps_nobody_from_starting(caplog: pytest.LogCaptureFixture) -> None:
    check_at_start(settings_of(), redis.Redis(port=1), own())
    assert "cannot use the Redis of REPLYTO_REDIS_URL yet" in caplog.text


def test_redis_of_a_cluster_ends_the_start_in_one_line(
    fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise plain(BaseParser.parse_error("MOVED 3999 127.0.0.1:6381"))

    monkeypatch.setattr(fake_redis, "exists", refuse)
    with pytest.raises(SettingsError, match=r"^REPLYTO_REDIS_URL: this is a Redis Cluster, "):
        check_at_start(settings_of(), fake_redis, own())


def test_first_of_two_that_begin_together_decides(ledger_redis: redis.Redis) -> None:
    """Both have read that nothing is noted; the second one's note changes nothing."""
    first, second = own(), own(encryption_key=new_encryption_key())
    book = IdentityBook(ledger_redis)
    assert book.note(first, {}) == frozenset()
    assert book.note(second, {}) == {"encryption_key"}
    assert book.differing(first) == frozenset()


def test_database_has_one_name_whatever_its_url(database: Database) -> None:
    again = Database(database.url.text)
    name = read_database_id(database)
    assert name
    assert name == read_database_id(again)
    again.close()


def test_databases_of_the_same_name_on_two_machines_are_two() -> None:
    assert read_database_id(new_own()) != read_database_id(new_own())


def new_own() -> Database:
    """Return a database that was made anew, not copied as the other tests' are."""
    template = new_database()
    path = f"{template.url.path}.own.db"
    return Database(f"sqlite:///{path}")


def test_database_that_is_away_is_asked_again_after_a_while() -> None:
    now = [0.0]
    database = Database("postgresql://u@/db?host=/nowhere")
    mine = OwnFingerprints(settings_of(), database, lambda: now[0])
    assert "database" not in mine()
    mine._database = new_database()
    assert "database" not in mine()
    now[0] = 31.0
    assert "database" in mine()


@pytest.mark.parametrize(
    ("before", "theirs", "after", "offset"),
    [
        pytest.param(100, 100.05, 100.1, 0, id="the same"),
        pytest.param(110, 100, 110.2, 10, id="ahead"),
        pytest.param(90, 100, 90.2, -9.8, id="behind"),
        pytest.param(100, 100.5, 120, 0, id="a slow answer says nothing"),
        pytest.param(100, 100, 3700, 0, id="set forward meanwhile"),
        pytest.param(3700, 3700, 100, 0, id="set back meanwhile"),
    ],
)
def test_clock_is_off_by_what_the_way_cannot_explain(
    before: float, theirs: float, after: float, offset: float
) -> None:
    assert clock_offset_s(before, theirs, after) == pytest.approx(offset, abs=0.2)


class Machine:
    """A process whose clock and secrets the test decides."""

    def __init__(self, client: redis.Redis) -> None:
        self.ahead_s = 0.0
        self.own = own()
        self._client = client
        self.notices = Notices(client)
        self.check = SelfCheck(client, "chat1@a", lambda: self.own, self._clock)

    def _clock(self) -> float:
        seconds, micros = self._client.time()
        return seconds + micros / 1e6 + self.ahead_s

    def told(self) -> list[str]:
        return [one.text for one in self.notices.read()]


@pytest.fixture
def machine(ledger_redis: redis.Redis) -> Machine:
    return Machine(ledger_redis)


@pytest.mark.parametrize(("ahead_s", "words"), [(6.5, "ahead of"), (-3600.0, "behind")])
def test_clock_that_is_off_is_told_once_in_the_log_and_to_admins_while_it_is(
    machine: Machine, caplog: pytest.LogCaptureFixture, ahead_s: float, words: str
) -> None:
    caplog.set_level(logging.WARNING)
    machine.check()
    assert machine.told() == []
    machine.ahead_s = ahead_s
    for _ in range(3):
        machine.check()
    (text,) = machine.told()
    assert words in text
    assert caplog.text.count("clock is") == 1
    machine.ahead_s = 0.0
    machine.check()
    assert machine.told() == []
    assert "resolved" in caplog.text


def test_clock_that_is_off_a_little_is_nothing(machine: Machine) -> None:
    machine.ahead_s = 4.5
    machine.check()
    assert machine.told() == []


@pytest.mark.parametrize("what", ["adopted by another", "Redis restored from a backup"])
def test_process_that_differs_while_it_runs_tells_and_goes_on(
    machine: Machine, ledger_redis: redis.Redis, what: str
) -> None:
    machine.check()
    IdentityBook(ledger_redis).adopt(own(callback_secret=new_callback_secret()))
    machine.check()
    (text,) = machine.told()
    assert "REPLYTO_CALLBACK_SECRET" in text


def test_identity_is_noted_again_in_a_redis_that_lost_it(
    machine: Machine, ledger_redis: redis.Redis
) -> None:
    machine.check()
    ledger_redis.flushall()
    machine.check()
    assert ledger_redis.hlen(keys.IDENTITY) == len(NAMES)
    assert machine.told() == []


def test_complaint_of_a_process_that_ended_is_forgotten(ledger_redis: redis.Redis) -> None:
    seconds, _ = ledger_redis.time()
    notices = Notices(ledger_redis)
    notices.tell("dead", ["its clock"], (seconds - 31) * 1000)
    notices.tell("alive", ["its clock", "its secret"], seconds * 1000)
    assert [(one.process, one.text) for one in notices.read()] == [
        ("alive", "its clock"),
        ("alive", "its secret"),
    ]
    assert ledger_redis.ttl(keys.NOTICES) > 0


@pytest.mark.integration
def test_check_of_a_process_that_is_as_the_others_writes_nothing(
    real_redis: redis.Redis,
) -> None:
    machine = Machine(real_redis)
    machine.check()
    before = real_redis.info("commandstats")
    machine.check()
    after = real_redis.info("commandstats")
    assert {name for name in after if after[name] != before.get(name)} <= {
        *("cmdstat_time", "cmdstat_hgetall", "cmdstat_info"),
    }


def test_what_else_a_process_complains_of_is_told_to_admins_while_it_holds(
    ledger_redis: redis.Redis,
) -> None:
    texts = ["", "prices.toml is gone", "", ""]
    check = SelfCheck(ledger_redis, "gateway@a", own, more=lambda: texts.pop(0))
    told = []
    for _ in range(4):
        check()
        told.append([one.text for one in Notices(ledger_redis).read()])
    assert told == [[], ["prices.toml is gone"], [], []]
