"""No endpoint tells or changes anything of what is another owner's, nor whether there is such.

The endpoints are those of the catalog, the fields those of their requests: new ones are asked by
themselves, for each kind of thing that has a name.
"""

from __future__ import annotations

import pytest
import redis

from gateway.providers import testing
from shared.api_keys.principal import Principal
from shared.api_keys.scopes import Scope
from tests.support.foreign.jobs import ADDRESS, CONTENT, new_gateway
from tests.support.foreign.things import ask_for_all, make_things, new_stranger, told_to_owner
from tests.support.gateway_client import Gateway

#: All but what administers.
ORDINARY = {scope for scope in Scope if not scope.startswith("admin")}


@pytest.fixture
def gateway(fake_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> Gateway:
    # No worker is there to be waited for.
    monkeypatch.setattr(testing, "_PROBE_LIMIT_S", 0)
    return new_gateway(fake_redis)


def wrongs(gateway: Gateway, kinds: str = "") -> list[str]:
    """Return what a stranger is told or can tell of the owner's things, of all kinds or of one."""
    stranger = new_stranger(gateway, ORDINARY)
    things = [one for one in make_things(gateway) if not kinds or one.kind == kinds]
    before = told_to_owner(gateway)
    assert CONTENT in before
    assert ADDRESS in before
    found = []
    for asked in ask_for_all(gateway, stranger, ORDINARY, things):
        text, of_none = (one.get_data(as_text=True) for one in (asked.told, asked.told_of_none))
        if CONTENT in text or ADDRESS in text:
            found.append(f"{asked.about} tells: {text[:200]}")
        if asked.tells_apart:
            found.append(f"{asked.about}: {text[:200]}\n  of none: {of_none[:200]}")
        asked.told.close()
        asked.told_of_none.close()
    if told_to_owner(gateway) != before:
        found.append("something of the owner's was changed")
    return found


def test_no_endpoint_tells_or_changes_what_is_anothers(gateway: Gateway) -> None:
    assert wrongs(gateway) == []


def test_endpoint_that_forgets_the_owner_would_be_found(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "gateway.auth.authenticator.principal_of", lambda key: Principal("bootstrap")
    )
    found = wrongs(gateway, "schedule")
    assert any(one.startswith("DeleteSchedule(id = schedule)") for one in found), found
    assert any("changed" in one for one in found), found
