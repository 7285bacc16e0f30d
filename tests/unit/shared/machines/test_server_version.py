"""A server that is too old is refused at the start, with its version."""

from __future__ import annotations

import pytest
import redis

from shared.machines.fingerprints import fingerprints
from shared.machines.identity import check_at_start
from shared.security.signing import new_private_key
from shared.settings import SettingsError
from tests.support.factories import new_settings

SETTINGS = new_settings(callback_private_keys=new_private_key())
OWN = fingerprints(SETTINGS, "db-1")


@pytest.mark.parametrize(
    ("version", "is_refused"),
    [("5.0.14", True), ("6.0.16", True), ("6.2.0", False), ("7.2.4", False), ("", False)],
)
def test_redis_that_is_too_old_ends_the_start_in_one_line(
    fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch, version: str, *, is_refused: bool
) -> None:
    monkeypatch.setattr(fake_redis, "info", lambda _: {"redis_version": version})
    if not is_refused:
        check_at_start(SETTINGS, fake_redis, OWN)
        return
    with pytest.raises(SettingsError, match=rf"REPLYTO_REDIS_URL: Redis {version} .*needs 6\.2"):
        check_at_start(SETTINGS, fake_redis, OWN)


def test_redis_that_is_older_than_the_greeting_ends_the_start_too(
    fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise redis.ResponseError("unknown command `HELLO`, with args beginning with: `3`, ")

    monkeypatch.setattr(fake_redis, "info", refuse)
    with pytest.raises(SettingsError, match=r"older than 6 answers there; ReplyTo needs 6\.2"):
        check_at_start(SETTINGS, fake_redis, OWN)


def test_redis_that_does_not_tell_its_version_is_taken(
    fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_: str) -> None:
        raise redis.exceptions.NoPermissionError

    monkeypatch.setattr(fake_redis, "info", refuse)
    check_at_start(SETTINGS, fake_redis, OWN)
