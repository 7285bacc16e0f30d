"""Schedules as they are kept: so many of one owner."""

from __future__ import annotations

from dataclasses import replace

import pytest

from shared.errors import TooManySchedules
from shared.schedules import store
from shared.schedules.schedule import Schedule
from tests.support.factories import new_database


def test_owner_keeps_no_more_than_it_may(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "_MOST", 2)
    schedules = store.ScheduleStore(new_database())

    def create(number: int, owner: str = "me") -> None:
        schedules.create(Schedule(f"s_{number}", owner, "", "* * * * *", "UTC", "", "{}", number))

    create(1)
    create(2)
    with pytest.raises(TooManySchedules):
        create(3)
    create(4, "somebody else")
    assert schedules.delete("s_1", "me")
    create(5)
    assert schedules.page("me", 0, 10)[1] == 2


def test_owner_keeps_no_more_bytes_than_it_may() -> None:
    schedules = store.ScheduleStore(new_database(), most_bytes=2000)
    small = Schedule("s_1", "me", "", "* * * * *", "UTC", "", '"ä"', 1)
    large = replace(small, id="s_2", request="x" * 1500)
    schedules.create(small)
    with pytest.raises(TooManySchedules, match="request: this key's schedules would have"):
        schedules.create(large)
    with pytest.raises(TooManySchedules):
        schedules.save(replace(small, request=large.request * 2))
    kept = schedules.find("s_1", "me")
    assert (kept, schedules.page("me", 0, 10)[1]) == (small, 1)
    schedules.create(replace(large, owner="somebody else"))
    assert schedules.save(replace(small, request="[]"))
