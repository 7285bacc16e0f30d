"""What was chosen and sent on the pages of media is there again after a reload and Back."""

from __future__ import annotations

from typing import Final

from playwright.sync_api import Page, Route, expect

from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.pages.media.chosen import picture, recording
from tests.acceptance.system.stack import Stack

#: These are about what is kept, not how it looks.
LOOKS = (DESK_LIGHT,)

#: The names of the files that a field has.
_FILES: Final = "one => [...one.files].map(({ name, size }) => `${name} ${size}`)"
#: Whether the browser asks before this page is left.
_IS_HELD: Final = """() => !dispatchEvent(new Event("beforeunload", { cancelable: true }))"""


def _around(page: Page) -> None:
    """Reload the page; leave it by a link of its own and by an address, and come back."""
    page.reload()
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Audio").click()
    page.get_by_role("heading", name="Text to speech").wait_for()
    page.go_back()
    page.goto("/Chat")
    page.go_back()


def test_picture_to_start_from_is_there_again(profiles: Profiles, chat_key: str) -> None:
    page = profiles.signed_in(chat_key, "/Images")
    page.locator("input[type=file]").set_input_files([picture("kite.png")])
    page.get_by_label("Prompt").fill("The same at night")
    shown = page.get_by_role("img", name="The image to start from")
    shown.wait_for()
    _around(page)
    expect(page.locator(".input-picture")).to_contain_text("kite.png")
    assert shown.evaluate("one => one.decode().then(() => one.naturalWidth)") == 64
    expect(page.get_by_label("Prompt")).to_have_value("The same at night")
    page.get_by_role("button", name="Edit image").click()
    page.get_by_role("img", name="The same at night").wait_for()
    page.get_by_role("button", name="Start without an image").click()
    page.reload()
    page.get_by_role("button", name="Start from an image").wait_for()
    expect(shown).to_have_count(0)


def test_watermark_options_and_files_under_way_are_there_again(
    profiles: Profiles, chat_key: str
) -> None:
    page = profiles.signed_in(chat_key, "/Transform")
    page.get_by_label("Action").select_option("Watermark")
    mark = page.get_by_label("Watermark", exact=True)
    mark.set_input_files([picture("mark.png")])
    page.get_by_label("Position").select_option("Center")
    page.get_by_label("Opacity").fill("0.5")
    before = mark.evaluate(_FILES)
    assert before
    _around(page)
    expect(page.get_by_label("Action")).to_have_value("Watermark")
    expect(page.get_by_label("Position")).to_have_value("Center")
    expect(page.get_by_label("Opacity")).to_have_value("0.5")
    expect(mark).to_have_js_property("files.length", 1)
    assert mark.evaluate(_FILES) == before
    page.locator(".drop input").set_input_files([picture("kite.png")])
    files = page.get_by_role("list", name="Files").get_by_role("listitem")
    expect(files.get_by_role("link", name="Download")).to_have_count(1)
    _around(page)
    expect(files).to_contain_text("kite.png")
    expect(files.get_by_role("link", name="Download")).to_have_count(1)
    page.get_by_role("button", name="Clear the list").click()
    page.reload()
    page.get_by_text("Nothing yet").wait_for()


def test_file_that_did_not_arrive_is_sent_again(
    profiles: Profiles, chat_key: str, pages_stack: Stack
) -> None:
    profiles.expect_error("net::ERR_FAILED")
    page = profiles.signed_in(chat_key, "/Transform")
    page.route("**/QueueConvertImage", _lose)
    page.locator(".drop input").set_input_files([picture("kite.png")])
    again = page.get_by_role("button", name="Send again")
    again.wait_for()
    # Elsewhere among these pages it is still there, and the browser asks before it is lost.
    page.get_by_role("navigation", name="Pages").get_by_role("link", name="Images").click()
    page.get_by_label("Prompt").wait_for()
    assert page.evaluate(_IS_HELD)
    page.go_back()
    page.unroute("**/QueueConvertImage")
    again.click()
    page.get_by_role("link", name="Download").wait_for()
    assert not page.evaluate(_IS_HELD)
    with pages_stack.api(chat_key) as api:
        jobs = api.get("/api/QueryJobs", params={"tag": "page:transforms"}).json()["results"]
    assert len(jobs) == 1


def _lose(route: Route) -> None:
    assert route.fetch().ok
    route.abort()


def test_words_of_a_recording_are_there_again_and_its_sound_is_said_not_to_be(
    profiles: Profiles, chat_key: str, pages_stack: Stack
) -> None:
    page = profiles.signed_in(chat_key, "/Audio")
    page.get_by_label("Language").fill("de")
    page.locator("input[type=file]").set_input_files([recording(pages_stack, chat_key, "note.mp3")])
    heard = page.get_by_role("article", name="note.mp3")
    expect(heard).to_contain_text("demo transcription")
    page.reload()
    expect(heard).to_contain_text("demo transcription")
    expect(heard).to_contain_text("cannot be played here")
    expect(page.get_by_label("Language")).to_have_value("de")
