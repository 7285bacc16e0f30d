"""What a person does on the chat page, at a desk or on a phone."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

from tests.acceptance.pages.driving.looks import is_phone
from tests.acceptance.system.polling import until


class ChatDriver:
    """Hands and eyes on a chat page. On a phone the list of conversations is a drawer."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._is_phone = is_phone((page.viewport_size or {"width": 0})["width"])

    # --- asking ---------------------------------------------------------------------------------

    def choose(self, model: str) -> None:
        """Choose a model by searching for it."""
        self.page.locator(".model-button").click()
        self.page.get_by_label("Search models").fill(model)
        self.page.get_by_role("option", name=model, exact=True).click()

    def ask(self, text: str, model: str = "") -> None:
        """Send a message, of a model if one is named."""
        if model:
            self.choose(model)
        self.page.get_by_label("Message", exact=True).fill(text)
        self.press("Send")

    def press(self, name: str) -> None:
        """Press a button."""
        self.page.get_by_role("button", name=name, exact=True).click()

    def wait_done(self) -> None:
        """Wait until nothing is being answered."""
        self.page.get_by_role("button", name="Send", exact=True).wait_for()

    # --- answers --------------------------------------------------------------------------------

    @property
    def last_answer(self) -> Locator:
        """The last answer."""
        return self.page.locator(".message.answer").last

    def expect_text(self, text: str) -> None:
        """Wait until the last answer holds the text."""
        expect(self.last_answer.locator(".markdown").last).to_contain_text(text)

    def expect_exactly(self, text: str) -> None:
        """Wait until the last answer is this text and nothing else."""
        expect(self.last_answer.locator(".markdown")).to_have_text(text)

    def kept(self) -> Any:
        """Return the conversation that is shown as the server keeps it; None if it does not."""
        conversation_id = self.page.url.rsplit("/", 1)[1]
        answer = self.page.request.get(f"/api/GetConversation?id={conversation_id}")
        return answer.json()["result"] if answer.ok else None

    def wait_saved(self, text: str) -> None:
        """Wait until the server keeps this text (of its JSON) of the conversation that is shown."""
        until(
            lambda: text in json.dumps(self.kept(), ensure_ascii=False),
            f"{text} is saved",
            every_s=0.2,
        )

    # --- the list of conversations --------------------------------------------------------------

    @property
    def heads(self) -> Locator:
        """The titles in the list of conversations."""
        return self.page.locator(".heads a")

    def open_list(self) -> None:
        """See the list: on a phone it has to be asked for."""
        if self._is_phone and not self.page.get_by_label("Search conversations").is_visible():
            self.press("Conversations")
        expect(self.page.get_by_label("Search conversations")).to_be_in_viewport()

    def close_list(self) -> None:
        """See the conversation again."""
        close = self.page.get_by_role("button", name="Close the list")
        if close.is_visible():
            close.click()
        self._expect_drawer_closed()

    def _expect_drawer_closed(self) -> None:
        """Wait until the list is out of the way, where it is a drawer."""
        expect(self.page.get_by_role("button", name="Close the list")).to_be_hidden()

    def new(self) -> None:
        """Begin another conversation."""
        self.open_list()
        self.press("New conversation")
        expect(
            self.page.get_by_role("heading", name="What would you like to know?")
        ).to_be_visible()
        self._expect_drawer_closed()

    def open_conversation(self, title: str) -> None:
        """Go to a conversation of the list."""
        self.open_list()
        self.heads.filter(has_text=title).first.click()
        self._expect_drawer_closed()

    def search(self, text: str) -> None:
        """Narrow the list."""
        self.open_list()
        self.page.get_by_label("Search conversations").fill(text)

    def act_on(self, title: str, action: str) -> None:
        """Press a button beside a conversation of the list."""
        self.open_list()
        self.page.locator(".heads li").filter(has_text=title).first.hover()
        self.press(f"{action} “{title}”")

    def exported(self, title: str) -> tuple[str, Any]:
        """Export a conversation; return the file's name and what is in it."""
        with self.page.expect_download() as download:
            self.act_on(title, "Export")
        path = Path(download.value.path())
        return download.value.suggested_filename, json.loads(path.read_text("utf-8"))

    def sign_out(self) -> None:
        """Sign out."""
        self.open_list()
        self.press("Sign out")

    # --- settings -------------------------------------------------------------------------------

    def open_settings(self) -> Locator:
        """Open the settings of the conversation; return the dialog."""
        self.press("Settings of this conversation")
        dialog = self.page.get_by_role("dialog")
        dialog.wait_for()
        return dialog
