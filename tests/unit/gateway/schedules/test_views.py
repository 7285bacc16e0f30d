"""Schedules over the wire: what is listed costs little, whatever is kept of one."""

from __future__ import annotations

from typing import Any

import pytest
import redis
from sqlalchemy import update

from gateway.schedules import views
from shared.schedules.tables import schedules
from tests.support.foreign.jobs import new_gateway
from tests.support.gateway_client import CHAT, Gateway


@pytest.fixture
def gateway(fake_redis: redis.Redis) -> Gateway:
    return new_gateway(fake_redis)


def made(gateway: Gateway, **more: Any) -> str:
    asked = {"cron": "0 7 * * *", "request": CHAT, **more}
    answer = gateway.post("/api/CreateSchedule", asked)
    assert answer.status_code == 200, answer.data
    return str(answer.json["id"])


def rows(gateway: Gateway, **asked: Any) -> list[dict[str, Any]]:
    answer = gateway.get("/api/QuerySchedules", query_string=asked)
    assert answer.status_code == 200, answer.data
    return list(answer.json["results"])


def change(gateway: Gateway, name: str, **values: Any) -> None:
    statement = update(schedules).where(schedules.c.id == name).values(**values)
    gateway.database.write(lambda connection: connection.execute(statement))


def document(gateway: Gateway, name: str) -> str:
    query = schedules.select().where(schedules.c.id == name)
    row = gateway.database.read(lambda connection: connection.execute(query).one())
    return str(row.document)


def test_answer_shows_so_many_times_of_all(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "_MOST_TIMES", 7)
    for _ in range(3):
        made(gateway)
    assert [len(row["nextDates"]) for row in rows(gateway, times=100)] == [2, 2, 2]
    assert [len(row["nextDates"]) for row in rows(gateway, take=1, times=100)] == [7]
    monkeypatch.setattr(views, "_MOST_TIMES", 1)
    assert [len(row["nextDates"]) for row in rows(gateway, times=2)] == [1, 1, 1]


def test_one_that_nobody_can_read_is_listed_and_can_be_deleted(gateway: Gateway) -> None:
    broken, gone, good = made(gateway), made(gateway), made(gateway)
    change(gateway, broken, document="{}")
    text = rows(gateway, id=good)[0]
    change(gateway, gone, document=document(gateway, gone).replace('"UTC"', '"Mars/Base"'))
    listed = {row["id"]: row for row in rows(gateway)}
    assert listed[broken]["problem"].startswith("what is kept of it cannot be read")
    assert listed[gone]["nextDates"] == []
    assert listed[good] == text
    for call in ("UpdateSchedule", "RunSchedule"):
        answer = gateway.post(f"/api/{call}", {"id": broken})
        assert (answer.status_code, answer.json["error"]["param"]) == (400, "id")
    moved = gateway.post("/api/UpdateSchedule", {"id": gone, "cron": "0 8 * * *"})
    assert (moved.status_code, moved.json["error"]["param"]) == (400, "timeZone")
    assert gateway.post("/api/DeleteSchedule", {"id": broken}).status_code == 200
