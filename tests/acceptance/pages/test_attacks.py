"""Texts of models, clients and admins are texts: nothing of them runs, wherever they show.

Nor would it without the pages' policy (CSP), which these browsers pass over.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.acceptance.pages.driving.admin_driver import SECTIONS, AdminDriver
from tests.acceptance.pages.driving.admin_scene import admin_api, issue_key
from tests.acceptance.pages.driving.canned_answers import ATTACKS
from tests.acceptance.pages.driving.chat_driver import ChatDriver
from tests.acceptance.pages.driving.looks import Look
from tests.acceptance.pages.driving.profile import Profiles, good_profiles
from tests.acceptance.system.api import Api
from tests.acceptance.system.api import chat as request
from tests.acceptance.system.stack import Stack

_MODEL = "<img src=x onerror='window.hacked=1'>"
_ALL = "\n\n".join(ATTACKS)
#: What no page of ours has, wherever it comes from.
_STRANGE = (
    "iframe, object, embed, base, meta[http-equiv], #app style, #app template, form[action], "
    "dialog[open]:not(.dialog), [popover], [autofocus]:not(dialog *), [onerror], [onload], "
    "[onclick], [href^=javascript], [href^=vbscript], [href^='data:'], math [id], math [href]"
)
#: What every object would have, and names of parts that two have.
_SPOILT = """() => [
    ...Object.keys(Object.prototype),
    ...[...document.querySelectorAll("[id]")].map(({ id }) => id)
        .filter((id, index, all) => all.indexOf(id) !== index),
    ...[...document.querySelectorAll("#app *")].filter((one) =>
        getComputedStyle(one).position === "fixed" && one.closest(".markdown")).map(String),
]"""


@pytest.fixture
def profiles(browser: Browser, pages_stack: Stack, look: Look) -> Iterator[Profiles]:
    """Profiles of browsers that know no policy."""
    with good_profiles(browser, pages_stack.url, look, bypass_csp=True) as profiles:
        yield profiles


def _assert_harmless(page: Page, where: str) -> None:
    assert page.evaluate("window.hacked ?? ({}).hacked") is None, where
    assert page.locator(_STRANGE).count() == 0, where
    assert page.evaluate(_SPOILT) == [], where


#: Clicks what has its script in itself, which the policy forbids.
_INLINE = """() => {
    const button = document.createElement("button");
    button.setAttribute("onclick", "window.hacked = 1");
    button.click();
    return window.hacked;
}"""


def test_policy_is_passed_over_here(chat: ChatDriver) -> None:
    assert chat.page.evaluate(_INLINE) == 1


def test_attacks_do_nothing_in_a_conversation(
    chat: ChatDriver, profiles: Profiles, pages_stack: Stack, chat_key: str
) -> None:
    profiles.expect_error("400")
    for model in ("attacks", "refuses-with-attacks", "demo-echo"):
        chat.ask(_ALL, model)
        chat.wait_done()
        _assert_harmless(chat.page, model)
        for link in chat.last_answer.get_by_role("link").all():
            href = link.get_attribute("href") or ""
            assert not href.lower().lstrip().startswith(("javascript:", "data:")), href


def test_attacks_do_nothing_in_titles_and_prompts(
    chat: ChatDriver, pages_stack: Stack, chat_key: str
) -> None:
    with pages_stack.api(chat_key) as api:
        for number, attack in enumerate(ATTACKS):
            body = {"id": f"x{number}", "title": attack, "content": {"nodes": {}}}
            assert api.post("/api/SaveConversation", json=body).ok
            prompt = {"id": f"x{number}", "name": attack[:100], "value": attack}
            assert api.post("/api/SavePrompt", json=prompt).ok
    chat.page.reload()
    chat.open_list()
    expect(chat.heads).to_have_count(len(ATTACKS))
    chat.close_list()
    options = chat.open_settings().get_by_label("From the library").locator("option")
    expect(options.filter(has_text="(yours)")).to_have_count(len(ATTACKS))
    _assert_harmless(chat.page, "titles and prompts")


@pytest.fixture(scope="module")
def attacked_jobs(pages_stack: Stack) -> Iterator[list[int]]:
    """Put attacks wherever clients and admins may write; give the ids of two jobs."""
    with pages_stack.api() as api, admin_api(pages_stack) as admin:
        keys = [_attack_as_admin(pages_stack, admin, one, n) for n, one in enumerate(ATTACKS)]
        _add_provider(pages_stack, admin, "attacked", _MODEL)
        yield _attack_as_client(pages_stack, api)
        for key_id in keys:
            assert admin.post("/api/RevokeApiKey", json={"id": key_id}).ok
        for one in admin.get("/api/QueryAiProviders?take=1000").json()["results"]:
            if one["origin"] == "api":
                assert admin.delete("/api/DeleteAiProvider", json={"id": one["id"]}).ok


def _attack_as_admin(stack: Stack, admin: Api, attack: str, number: int) -> int:
    line = attack.replace("\n", " ")
    _add_provider(stack, admin, f"{attack[:60]}{number}", f"model {attack[:99]}")
    key_id: int = issue_key(admin, name=line, userId=line, notes=attack, models=[line])["id"]
    return key_id


def _add_provider(stack: Stack, admin: Api, name: str, model: str) -> None:
    # Names that are no names are refused, and shall be.
    models = [{"model": model, "apiModel": "demo-instant"}]
    body = {"name": name, "apiBaseUrl": stack.llm.url, "enabled": True, "models": models}
    admin.post("/api/CreateAiProvider", json=body)


def _attack_as_client(stack: Stack, api: Api) -> list[int]:
    reply_to = stack.receiver.url("/answers?<script>window.hacked=1</script>")
    script, image, vector = ATTACKS[:3]
    first = {"tag": image, "refId": script, "replyTo": reply_to}
    second = {"tag": vector, "refId": vector, "replyTo": reply_to}
    ids = [
        api.queue(request("demo-echo", _ALL), **first)["id"],
        api.queue(request("refuses-with-attacks"), **second)["id"],
    ]
    api.queue(request(_MODEL, _ALL))
    for job_id in ids:
        api.until_ended(job_id)
    return ids


def test_attacks_are_texts_in_every_section(
    admin: AdminDriver, profiles: Profiles, attacked_jobs: list[int]
) -> None:
    profiles.expect_error("404")
    places = {
        **dict.fromkeys(SECTIONS, ""),
        "/jobs": "<img src=x",
        "/jobs?state=Failed": "<svg onload",
        **{f"/jobs/{one}": "<script>" for one in attacked_jobs},
        "/queues": "<img src=x",
        f"/callbacks/{attacked_jobs[0]}": "<script>",
        "/providers": "<svg onload",
        "/keys": "<svg onload",
        "/usage?by=tag": "<img src=x",
        "/audit": "<svg onload",
    }
    for path, shown in places.items():
        admin.open(path)
        expect(admin.page.locator(".content")).to_contain_text(shown)
        _assert_harmless(admin.page, path)
