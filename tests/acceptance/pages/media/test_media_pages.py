"""Pictures are drawn and begun with, recordings written down and played, files transformed."""

from __future__ import annotations

from pathlib import Path

from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.acceptance.pages.driving.accessibility import violations
from tests.acceptance.pages.driving.long_names import NAME
from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.pages.media.chosen import picture, recording
from tests.acceptance.system.stack import Stack


def _assert_good(page: Page, profiles: Profiles, where: str) -> None:
    assert violations(page) + profiles.of(page).overflow() == [], where
    profiles.of(page).assert_fits_everywhere(where)


def _is_drawn(picture: Locator) -> None:
    picture.wait_for()
    picture.scroll_into_view_if_needed()
    expect(picture).to_have_js_property("complete", True)
    assert picture.evaluate("one => one.decode().then(() => one.naturalWidth)") > 0


def test_picture_is_drawn_kept_and_begun_with(profiles: Profiles, chat_key: str) -> None:
    page = profiles.signed_in(chat_key, "/Images")
    page.get_by_text("Nothing yet").wait_for()
    _assert_good(page, profiles, "empty")
    page.get_by_label("Prompt").fill("A red kite over a lake")
    page.get_by_label("Size", exact=True).select_option("256x256")
    page.get_by_role("button", name="Generate").click()
    made = page.get_by_role("list").locator(".made").first
    _is_drawn(made.get_by_role("img", name="A red kite over a lake"))
    expect(made).to_contain_text("demo-image")
    with page.expect_download() as download:
        made.get_by_role("link", name="Download").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")

    made.get_by_role("button", name="Use as input").click()
    page.get_by_role("img", name="The image to start from").wait_for()
    page.get_by_label("Prompt").fill("The same at night")
    page.get_by_role("button", name="Edit image").click()
    _is_drawn(page.get_by_role("img", name="The same at night"))

    # Whoever comes back finds both, with what was asked and what was chosen.
    page.get_by_label("Number of images").select_option("2")
    page.reload()
    page.get_by_role("button", name="Start without an image").click()
    expect(page.get_by_label("Prompt")).to_have_value("The same at night")
    expect(page.get_by_label("Size", exact=True)).to_have_value("256x256")
    expect(page.get_by_label("Number of images")).to_have_value("2")
    _is_drawn(page.get_by_role("img", name="The same at night"))
    _is_drawn(page.get_by_role("img", name="A red kite over a lake"))
    _assert_good(page, profiles, "gallery")
    page.get_by_role("button", name="Delete").first.click()
    page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    expect(page.locator(".made")).to_have_count(1)


def test_recordings_are_written_down_and_texts_are_spoken(
    profiles: Profiles, chat_key: str, pages_stack: Stack
) -> None:
    page = profiles.signed_in(chat_key, "/Audio")
    page.locator("input[type=file]").set_input_files([recording(pages_stack, chat_key, "note.mp3")])
    heard = page.get_by_role("article", name="note.mp3")
    part = heard.get_by_role("button", name="Play from 0:00")
    part.first.wait_for()
    expect(heard).to_contain_text("demo transcription")
    part.first.click()
    page.wait_for_function("() => !document.querySelector('.transcript audio').paused")
    page.evaluate("document.querySelector('.transcript audio').pause()")

    page.get_by_role("button", name="Record", exact=True).click()
    stop = page.get_by_role("button", name="Stop (")
    expect(stop).to_contain_text("1 s")
    stop.click()
    said = page.get_by_role("article", name="Recording")
    expect(said).to_contain_text("demo transcription")

    page.get_by_label("Text", exact=True).fill("Good morning.")
    page.get_by_role("button", name="Generate speech").click()
    spoken = page.locator(".made audio")
    spoken.wait_for()
    assert spoken.evaluate("async one => (await fetch(one.src)).status") == 200
    _assert_good(page, profiles, "audio")
    page.reload()
    expect(page.locator(".transcript", has_text="demo transcription")).to_have_count(2)
    expect(page.get_by_label("Text", exact=True)).to_have_value("Good morning.")


def test_dropped_files_are_transformed(profiles: Profiles, chat_key: str, look: Look) -> None:
    page = profiles.signed_in(chat_key, "/Transform")
    page.get_by_label("Format").select_option("webp")
    drop = page.evaluate_handle(
        """([names, bytes]) => {
            const data = new DataTransfer();
            for (const name of names)
                data.items.add(new File([new Uint8Array(bytes)], name, { type: "image/png" }));
            return data;
        }""",
        [[f"{NAME}.png", "b.png"], list(picture("a.png")["buffer"])],
    )
    page.dispatch_event(".drop", "drop", {"dataTransfer": drop})
    files = page.get_by_role("list", name="Files").get_by_role("listitem")
    expect(files).to_have_count(2)
    expect(files.get_by_role("link", name="Download")).to_have_count(2)
    with page.expect_download() as download:
        files.first.get_by_role("link", name="Download").click()
    with Image.open(download.value.path()) as made:
        assert (made.format, made.size) == ("WEBP", (64, 48))

    page.get_by_label("Action").select_option("Crop")
    chosen = picture("c.png")
    page.locator(".drop input").set_input_files([chosen])
    page.locator(".toast", has_text="Width is missing").wait_for()
    for label, value in (("Width", "9000"), ("Height", "10")):
        page.get_by_label(label, exact=True).fill(value)
    page.locator(".drop input").set_input_files([chosen])
    expect(files.first.get_by_role("alert")).to_be_visible()
    _assert_good(page, profiles, "transform")
    if look.is_phone:
        page.get_by_role("link", name="Audio").click()
        page.get_by_role("heading", name="Text to speech").wait_for()
