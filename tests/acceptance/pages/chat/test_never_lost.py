"""Nothing that people write is lost: by a reload, a lost connection, another tab, a slip."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.acceptance.pages.driving.admin_driver import AdminDriver
from tests.acceptance.pages.driving.admin_scene import Maker
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.line import Line
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.pages.driving.profile import Profiles, enter
from tests.acceptance.system.stack import Stack

#: Pictures with noise of 3000 x 2000, as a camera makes them; or of so many pixels each way.
_DROP_PICTURES = """async ([count, side]) => {
    const [width, height] = side ? [side, side] : [3000, 2000];
    const canvas = Object.assign(document.createElement("canvas"), { width, height });
    const paint = canvas.getContext("2d"), data = paint.createImageData(width, height);
    const words = new Uint32Array(data.data.buffer);
    let seed = 7;
    for (let n = 0; n < words.length; n += 1) {
        seed = (seed * 1664525 + 1013904223) >>> 0;
        words[n] = seed | 0xff000000;
    }
    paint.putImageData(data, 0, 0);
    const blob = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.95));
    const transfer = new DataTransfer();
    for (let n = 0; n < count; n += 1) {
        transfer.items.add(new File([blob], `noise-${n}.jpg`, { type: "image/jpeg" }));
    }
    const form = document.querySelector(".composer");
    form.dispatchEvent(new DragEvent("drop", { dataTransfer: transfer, bubbles: true }));
    return blob.size;
}"""
#: What a browser logs of a server that is away, and of what never arrived there.
_AWAY = r"net::ERR_|status of (50\d|404)"


#: These are about what is kept, not how it looks.
LOOKS = (DESK_LIGHT,)


@pytest.fixture
def line(pages_stack: Stack) -> Iterator[Line]:
    """A line to the gateway that can be cut."""
    with Line(urlsplit(pages_stack.url).port or 0) as line:
        yield line


def test_message_sent_without_a_connection_is_sent_once_when_it_is_back(
    profiles: Profiles, pages_stack: Stack, chat_key: str, line: Line
) -> None:
    marker = f"marker-{uuid.uuid4().hex[:8]}"
    page = profiles.new(url=line.url)
    profiles.expect_error(_AWAY)
    enter(page, chat_key)
    chat = ChatDriver(page)
    chat.choose("slow")
    line.cut()
    chat.ask(marker)
    expect(chat.last_answer).to_contain_text("Not sent yet; trying again")
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    chat.page.get_by_label("Message", exact=True).fill("and this after it")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Queued messages")).to_contain_text("and this after it")

    # The line is back, and the page is not: all that was said is in this browser only.
    line.mend()
    page.goto(f"{line.url}/Chat")
    chat.open_conversation(marker)

    expect(page.locator(".message.question .said")).to_have_text([marker, "and this after it"])
    expect(page.locator(".message.answer .markdown")).to_have_count(2)
    chat.wait_done()
    chat.wait_saved("and this after it")
    assert len(pages_stack.canned_calls(marker)) == 2


def test_two_tabs_on_one_conversation_lose_nothing(chat: ChatDriver, profiles: Profiles) -> None:
    profiles.expect_error("409")
    chat.ask("From the first tab", "demo-echo")
    chat.wait_done()
    chat.wait_saved('"cost"')
    other = ChatDriver(profiles.another_tab(chat.page))
    other.page.goto(chat.page.url)
    other.expect_text("From the first tab")
    other.ask("From the other tab")
    other.wait_done()
    other.wait_saved('"From the other tab"')

    chat.ask("From the first tab again")
    chat.wait_done()
    chat.wait_saved("From the first tab again")

    chat.expect_text("From the first tab again")
    expect(chat.page.get_by_text("2 / 2")).to_be_visible()
    chat.page.get_by_role("button", name="Previous version").click()
    chat.expect_text("From the other tab")
    texts = [node["text"] for node in chat.kept()["content"]["nodes"].values()]
    assert {"From the other tab", "From the first tab again"} <= set(texts)
    profiles.expect_error("404")
    _delete_there_and_go_on_here(other, chat)


def _delete_there_and_go_on_here(other: ChatDriver, chat: ChatDriver) -> None:
    """It is said, and saved when somebody says so: it does not come back by itself."""
    chat.press("Next version")
    other.act_on("From the first tab", "Delete")
    other.press("Delete")
    expect(other.heads).to_have_count(0)
    chat.ask("After it was deleted")
    chat.expect_text("After it was deleted")
    expect(chat.page.get_by_role("alert")).to_contain_text("was deleted in another tab")
    chat.wait_done()
    assert chat.kept() is None
    chat.press("Save as a new conversation")
    expect(chat.page.get_by_role("alert")).to_have_count(0)
    chat.wait_saved("After it was deleted")


def test_drafts_outlive_a_reload_and_slips_change_nothing(chat: ChatDriver) -> None:
    page, message = chat.page, chat.page.get_by_label("Message", exact=True)
    chat.ask("Rename me", "demo-echo")
    chat.wait_done()
    message.fill("Half a thou")
    page.evaluate(_DROP_PICTURES, [1, 0])
    page.get_by_role("button", name="Remove image 1").wait_for()
    page.reload()
    expect(message).to_have_value("Half a thou")
    expect(page.get_by_role("button", name="Remove image 1")).to_be_visible()

    chat.act_on("Rename me", "Rename")
    page.get_by_label("New title").fill("Not this")
    page.keyboard.press("Escape")
    expect(chat.heads).to_have_text(["Rename me"])

    page.get_by_role("button", name="Edit message").click()
    page.get_by_label("Edited message").fill("Rename me, or rather")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Edit message").click()
    expect(page.get_by_label("Edited message")).to_have_value("Rename me, or rather")

    chat.new()
    message.fill("Of a new conversation")
    page.reload()
    expect(message).to_have_value("Of a new conversation")


def test_what_is_overwritten_or_deleted_can_be_taken_back(chat: ChatDriver) -> None:
    page = chat.page
    chat.ask("Rename me", "demo-echo")
    chat.wait_done()
    dialog = chat.open_settings()
    dialog.get_by_label("System prompt").fill("Written by hand")
    dialog.get_by_label("From the library").select_option(label="Editor")
    page.get_by_role("button", name="Undo").click()
    expect(dialog.get_by_label("System prompt")).to_have_value("Written by hand")
    chat.press("Done")

    chat.act_on("Rename me", "Delete")
    chat.press("Delete")
    expect(chat.heads).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(chat.heads).to_have_text(["Rename me"])


def test_pictures_are_scaled_and_summed_up_before_they_are_sent(
    chat: ChatDriver, profiles: Profiles
) -> None:
    page = chat.page
    profiles.expect_error("404")
    chat.choose("demo")
    assert page.evaluate(_DROP_PICTURES, [2, 0]) > 5 * 2**20
    page.get_by_role("button", name="Remove image 2").wait_for()
    sizes = page.locator(".thumbnails img").evaluate_all(
        "all => all.map((one) => [one.src.length, one.naturalWidth])"
    )
    assert all(length < 4_000_000 and width == 2048 for length, width in sizes)
    chat.ask("What is this?")
    chat.wait_done()
    chat.wait_saved('"done"')
    # They are files, apart from the conversation, and shown from there.
    assert len(json.dumps(chat.kept())) < 10_000
    page.reload()
    expect(page.locator(".message.question img")).to_have_count(2)
    [images] = [
        node["images"] for node in chat.kept()["content"]["nodes"].values() if node.get("images")
    ]
    file = page.request.get(f"/v1/files/{images[0]['file']}/content")
    assert len(file.body()) == images[0]["bytes"]


def test_oldest_pictures_are_left_out_of_a_request_that_takes_no_more(
    chat: ChatDriver, pages_stack: Stack
) -> None:
    page, marker = chat.page, f"marker-{uuid.uuid4().hex[:8]}"
    page.route("**/session", lambda route: _with_limit(route, 80_000))
    page.reload()
    page.get_by_label("Message", exact=True).wait_for()
    for number in (1, 2):
        assert 30_000 < page.evaluate(_DROP_PICTURES, [1, 200]) < 58_000
        page.get_by_role("button", name="Remove image 1").wait_for()
        chat.ask(f"{marker} {number}", "demo" if number == 1 else "")
        if number == 2:
            toast = page.locator(".toast", has_text="The oldest images are not sent again")
            toast.wait_for()
        chat.wait_done()
    expect(page.locator(".message.question img")).to_have_count(2)
    first, second = (json.loads(call.body)["messages"] for call in pages_stack.llm_calls(marker))
    assert first[0]["content"][1]["type"] == "image_url"
    assert second[0]["content"] == f"{marker} 1\n\n[An image that was here is left out.]"
    assert second[2]["content"][1]["image_url"]["url"].startswith("data:image/")

    page.evaluate(_DROP_PICTURES, [3, 200])
    page.get_by_role("button", name="Remove image 3").wait_for()
    page.get_by_label("Message", exact=True).fill("And these?")
    chat.press("Send")
    expect(page.get_by_role("alert")).to_contain_text("this ReplyTo accepts")
    expect(page.get_by_label("Message", exact=True)).to_have_value("And these?")


def _with_limit(route: Route, most_bytes: int) -> None:
    answer = route.fetch()
    route.fulfill(response=answer, json={**answer.json(), "maxBodyBytes": most_bytes})


def test_forms_and_secrets_are_not_lost_by_a_click_beside_them(
    admin: AdminDriver, maker: Maker
) -> None:
    page = admin.page
    admin.go("API keys")
    admin.press("Create a key")
    admin.fill(Name=maker.tag)
    page.mouse.click(5, 5)
    _keep_writing(page)
    page.keyboard.press("Escape")
    _keep_writing(page)
    page.go_back()
    _keep_writing(page)
    expect(page).to_have_url(re.compile("/admin/keys$"))
    expect(admin.dialog.get_by_label("Name", exact=True)).to_have_value(maker.tag)
    page.reload()
    admin.press("Create a key")
    expect(admin.dialog.get_by_label("Name", exact=True)).to_have_value(maker.tag)
    expect(admin.dialog).to_contain_text("What you wrote before is here again")
    admin.dialog.get_by_role("button", name="Create", exact=True).dblclick()
    admin.dialog.locator(".secret code").wait_for()
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.mouse.click(5, 5)
    page.go_back()
    expect(admin.dialog.locator(".secret code")).to_be_visible()
    admin.press("I have saved it")
    expect(admin.row(maker.tag)).to_have_count(1)


def _keep_writing(page: Page) -> None:
    page.get_by_role("button", name="Keep writing").click()
    expect(page.get_by_role("dialog")).to_have_count(1)
