"""Batches, schedules and groups on one page: how far they are, and what can be done about it."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker
from tests.acceptance.system.polling import until


def test_answers_of_a_batch_are_downloaded_as_a_table(admin: AdminDriver, maker: Maker) -> None:
    batch = maker.batch()
    admin.open("/bulk")
    row = admin.row(batch["id"])
    expect(row).to_contain_text("completed", timeout=30_000)
    expect(row).to_contain_text("1 of 1")
    [answer] = admin.exported(row.get_by_role("button", name=f"CSV of {batch['id']}"))
    assert answer["\ufeffcustom_id"] == "c1"
    assert maker.tag in answer["content"]


def test_group_is_cancelled_and_schedule_is_paused_and_run(
    admin: AdminDriver, maker: Maker
) -> None:
    group, name = f"group {maker.tag}", f"schedule {maker.tag}"
    maker.job("far", groupId=group)
    schedule = maker.schedule(name)
    admin.open("/bulk?show=groups")
    admin.press("Cancel " + group)
    admin.confirm("Cancel all")
    expect(admin.row(group)).to_contain_text("1 cancelled", timeout=15_000)
    admin.page.get_by_role("navigation", name="Lists").get_by_role("link", name="Schedules").click()
    row = admin.row(name)
    admin.press(f"Run {name} now")
    admin.expect_toast("was run")
    until(
        lambda: (
            maker.api.get("/api/QueryJobs", params={"model": "demo-echo", "take": 50}).json()[
                "results"
            ]
            != []
        ),
        "the schedule's owner has its job",
    )
    admin.press(f"Pause {name}")
    expect(row).to_contain_text("paused")
    admin.press(f"Resume {name}")
    expect(row).to_contain_text("active")
    maker.api.post("/api/DeleteSchedule", json={"id": schedule["id"]})
