"""What tabs keep for themselves: a new conversation's draft is one tab's alone, and outlives it."""

from __future__ import annotations

from typing import Final

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import DESK_LIGHT
from tests.acceptance.pages.driving.profile import Profiles

#: These are about what is kept, not how it looks.
LOOKS = (DESK_LIGHT,)

#: As browsers have it on pages that are served neither by HTTPS nor from this machine.
_NO_LOCKS: Final = "delete Navigator.prototype.locks"
#: Opens a tab with all that this one keeps for itself, as "Duplicate tab" does.
_DUPLICATE: Final = "window.open(location.pathname)"


def _write(page: Page, text: str) -> None:
    page.get_by_label("Message", exact=True).fill(text)


def _duplicate(page: Page) -> Page:
    with page.expect_popup() as popup:
        page.evaluate(_DUPLICATE)
    popup.value.get_by_label("Message", exact=True).wait_for()
    return popup.value


@pytest.mark.parametrize("forbidden", ["", _NO_LOCKS], ids=["secure", "not secure"])
def test_duplicated_tab_has_a_draft_of_its_own(
    profiles: Profiles, chat_key: str, forbidden: str
) -> None:
    page = profiles.signed_in(chat_key)
    page.context.add_init_script(forbidden)
    page.reload()
    _write(page, "Of the first tab")
    copy = _duplicate(page)
    expect(copy.get_by_label("Message", exact=True)).to_have_value("")
    _write(copy, "Of its copy")
    for one, text in ((page, "Of the first tab"), (copy, "Of its copy")):
        one.reload()
        expect(one.get_by_label("Message", exact=True)).to_have_value(text)
    _write(copy, "")
    page.reload()
    expect(page.get_by_label("Message", exact=True)).to_have_value("Of the first tab")


def test_copy_of_a_tab_that_was_elsewhere_has_a_draft_of_its_own(
    profiles: Profiles, chat_key: str
) -> None:
    page = profiles.signed_in(chat_key)
    page.goto("/Images")
    with page.expect_popup() as popup:
        page.evaluate(_DUPLICATE)
    copy = popup.value
    for one in (page, copy):
        one.goto("/Chat")
        one.get_by_label("Message", exact=True).wait_for()
    _write(page, "Of the first tab")
    expect(copy.get_by_label("Message", exact=True)).to_have_value("")
    _write(copy, "Of its copy")
    for one, text in ((page, "Of the first tab"), (copy, "Of its copy")):
        one.reload()
        expect(one.get_by_label("Message", exact=True)).to_have_value(text)


@pytest.mark.parametrize("forbidden", ["", _NO_LOCKS], ids=["secure", "not secure"])
def test_draft_of_a_closed_tab_goes_to_the_next_one_and_that_of_an_open_tab_does_not(
    profiles: Profiles, chat: ChatDriver, forbidden: str
) -> None:
    first = chat.page
    first.context.add_init_script(forbidden)
    first.reload()
    closed = profiles.another_tab(first)
    closed.goto("/Chat")
    _write(closed, "Of a closed tab")
    closed.close()
    # The one that was touched last.
    _write(first, "Of an open tab")
    following = profiles.another_tab(first)
    following.goto("/Chat")
    expect(following.get_by_label("Message", exact=True)).to_have_value("Of a closed tab")
    first.reload()
    expect(first.get_by_label("Message", exact=True)).to_have_value("Of an open tab")
