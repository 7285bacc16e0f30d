"""What a person does on the chat page."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect


class ChatDriver:
    """Hands and eyes on a chat page."""

    def __init__(self, page: Page) -> None:
        self.page = page

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
        self.page.get_by_role("button", name="Send", exact=True).click()

    def new(self) -> None:
        """Begin another conversation."""
        self.page.get_by_role("button", name="New conversation").click()

    def wait_done(self) -> None:
        """Wait until nothing is being answered."""
        self.page.get_by_role("button", name="Send", exact=True).wait_for()

    @property
    def answers(self) -> Locator:
        """All answers that are shown."""
        return self.page.locator(".message.answer")

    @property
    def last_answer(self) -> Locator:
        """The last answer."""
        return self.answers.last

    def expect_text(self, text: str) -> None:
        """Wait until the last answer holds the text."""
        expect(self.last_answer.locator(".markdown").last).to_contain_text(text)

    def expect_exactly(self, text: str) -> None:
        """Wait until the last answer is this text and nothing else."""
        expect(self.last_answer.locator(".markdown")).to_have_text(text)

    def heads(self) -> list[str]:
        """Titles in the list of conversations."""
        return self.page.locator(".heads a").all_inner_texts()

    def wait_saved(self, text: str) -> None:
        """Wait until the server keeps this text of the conversation that is shown."""
        conversation_id = self.page.url.rsplit("/", 1)[1]
        self.page.wait_for_function(
            """async ([id, text]) => {
                const answer = await fetch(`/api/GetConversation?id=${id}`);
                return answer.ok && (await answer.text()).includes(text);
            }""",
            arg=[conversation_id, text],
        )
