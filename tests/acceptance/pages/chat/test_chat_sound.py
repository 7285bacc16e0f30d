"""Recordings are sent to models, and what these say aloud is played, kept and there again."""

from __future__ import annotations

import json
import uuid

from playwright.sync_api import Locator, expect

from tests.acceptance.pages.driving.accessibility import violations
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import PHONE_DARK
from tests.acceptance.pages.driving.profile import Profiles
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack

LOOKS = (PHONE_DARK,)
_LENGTH = """one => new Promise((done) => {
    if (one.readyState) return done(one.duration);
    one.onloadedmetadata = () => done(one.duration);
})"""


def _seconds(player: Locator) -> float:
    return float(player.evaluate(_LENGTH))


def test_recording_is_sent_and_an_answer_is_heard(
    chat: ChatDriver, profiles: Profiles, pages_stack: Stack
) -> None:
    page, marker = chat.page, f"marker-{uuid.uuid4().hex[:8]}"
    chat.press("Settings of this conversation")
    page.get_by_label("Voice").fill("alloy")
    chat.press("Done")
    chat.press("Record")
    end = page.get_by_role("button", name="End the recording")
    expect(end).to_have_accessible_name("End the recording (1 s)")
    end.click()
    page.get_by_role("button", name="Remove recording 1").wait_for()
    assert violations(page) + profiles.of(page).overflow() == []
    chat.ask(f"Listen: {marker}", "demo")
    chat.wait_done()
    chat.expect_text("This is ReplyTo's demo LLM")
    assert _seconds(chat.last_answer.locator("audio")) > 1
    [call] = pages_stack.llm_calls(marker)
    asked = json.loads(call.body)
    assert (asked["modalities"], asked["audio"]["voice"]) == (["text", "audio"], "alloy")
    recording = asked["messages"][0]["content"][1]
    assert (recording["type"], recording["input_audio"]["format"]) == ("input_audio", "wav")
    assert recording["input_audio"]["data"].startswith("UklGR")

    # They are files by now, and played from there.
    until(lambda: json.dumps(chat.kept()).count('"audio/wav"') == 2, "both are files")
    page.reload()
    expect(page.locator(".message audio")).to_have_count(2)
    for player in page.locator(".message audio").all():
        assert str(player.get_attribute("src")).startswith("/v1/files/file-")
        assert _seconds(player) > 0.5
    assert violations(page) + profiles.of(page).overflow() == []


def test_models_that_only_draw_speak_or_hear_are_not_offered(chat: ChatDriver) -> None:
    chat.page.locator(".model-button").click()
    offered = chat.page.get_by_role("option").all_inner_texts()
    assert {"demo", "demo-echo", "far"} <= set(offered)
    assert not {"demo-image", "demo-speech", "demo-transcribe"} & set(offered)
