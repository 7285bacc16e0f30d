"""Who is to blame for a refused call, with real processes: one client harms no other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import requests

from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.polling import until
from tests.acceptance.system.stack import Stack
from tests.upstreams.refusing import RefusingLlm

ADMIN = "ak-admin-of-the-refusals"
KEY = "sk-proj-R3fus3dK3yOfTheGateway"
#: Public models: one of the first provider alone, one of both.
LONELY, SHARED = "lonely", "shared"


class Refusing:
    """A stack with two providers that refuse when told to; the first is preferred."""

    def __init__(self, directory: Any) -> None:
        self.first = RefusingLlm("first").start()
        self.second = RefusingLlm("second").start()
        rows = [
            self._row(self.first, f'["{LONELY}", "{SHARED}"]', 2),
            self._row(self.second, f'["{SHARED}"]', 1),
        ]
        self.stack = Stack(
            directory,
            providers="\n".join(rows),
            settings={
                "REPLYTO_AUTH_SECRET": ADMIN,
                "REPLYTO_MAX_ATTEMPTS": "3",
                "REPLYTO_RETRY_BASE_S": "0.1",
                "REPLYTO_PROVIDER_PROBE_S": "60",
                "REFUSED_KEY": KEY,
            },
        )

    @staticmethod
    def _row(llm: RefusingLlm, models: str, priority: int) -> str:
        return (
            f'[[provider]]\nname = "{llm.name}"\nbase_url = "{llm.url}"\nmodels = {models}\n'
            f'priority = {priority}\napi_key_env = "REFUSED_KEY"\n'
        )

    def logs(self) -> dict[str, str]:
        return self.stack.logs()

    def ask(self, text: str, model: str = LONELY) -> requests.Response:
        with self.stack.api() as api:
            return api.post("/v1/chat/completions", json=chat(model, text))

    def provider(self, name: str = "first") -> dict[str, Any]:
        with Api(self.stack.url, ADMIN) as admin:
            rows = admin.get("/api/QueryAiProviders").json()["results"]
        return next(row for row in rows if row["name"] == name)

    def heal(self) -> None:
        """Forget what was held against the providers."""
        for llm in (self.first, self.second):
            llm.always, llm.probe_status = "", 200
            with Api(self.stack.url, ADMIN) as admin:
                told = {"provider": llm.name, "online": True}
                admin.post("/api/ChangeAiProviderStatus", json=told)
        until(lambda: self.ask("well?").status_code == 200 or None, "the providers are well")


@pytest.fixture(scope="module")
def _refusing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Refusing]:
    refusing = Refusing(tmp_path_factory.mktemp("refusals"))
    refusing.stack.open()
    yield refusing
    refusing.stack.close()
    refusing.first.stop()
    refusing.second.stop()


@pytest.fixture
def refusing(_refusing: Refusing) -> Refusing:
    _refusing.heal()
    return _refusing


def test_flagged_prompts_take_the_provider_from_nobody(refusing: Refusing) -> None:
    with ThreadPoolExecutor(8) as clients:
        texts = ["flagged", "hello"] * 30
        answers = list(clients.map(refusing.ask, texts))
    flagged, innocent = answers[::2], answers[1::2]
    assert {answer.status_code for answer in innocent} == {200}
    for answer in flagged:
        error = answer.json()["error"]
        assert (answer.status_code, error["message"]) == (403, "Input was flagged: violence")
        assert error["metadata"]["reasons"] == ["violence"]
    assert refusing.provider()["status"] == "online"


@pytest.mark.parametrize("text", ["flagged", "forbidden-model", "unpaid"])
def test_what_one_provider_will_not_do_another_does(refusing: Refusing, text: str) -> None:
    refusing.first.always = text
    answer = refusing.ask(f"please {text}", SHARED)
    assert answer.headers["x-provider"] == "second"
    assert answer.status_code == 200


def test_used_up_account_is_told_to_the_operator(refusing: Refusing) -> None:
    answer = refusing.ask("unpaid")
    assert (answer.status_code, answer.json()["error"]["message"]) == (402, "Insufficient Balance")
    told = until(lambda: refusing.provider().get("offlineReason"), "the operator is told")
    assert told == "its account is used up (402): Insufficient Balance"
    # Who has no other provider is not kept from it.
    assert refusing.ask("hello").status_code == 200


def test_403_that_a_probe_confirms_is_about_the_key(refusing: Refusing) -> None:
    refusing.first.probe_status = 401
    assert refusing.ask("forbidden-key").status_code == 403

    def look() -> dict[str, Any] | None:
        # A probe answers for all refusals of some seconds; this one may have come after it.
        refusing.stack.api().queue(chat(LONELY, "forbidden-key"))
        row = refusing.provider()
        return row if row["status"] == "offline" else None

    row = until(look, "it is offline", every_s=0.5)
    assert "it refused the gateway's key (401)" in row["offlineReason"]
    assert KEY not in json.dumps(row)


def test_refused_key_is_told_to_the_operator_but_not_quoted(refusing: Refusing) -> None:
    answer = refusing.ask("wrong-key")
    assert (answer.status_code, answer.json()["error"]["code"]) == (502, "provider_credentials")
    row = until(
        lambda: (row := refusing.provider())["status"] == "offline" and row, "it is offline"
    )
    assert row["offlineReason"] == (
        "it refused the gateway's key (401): Incorrect API key provided: [redacted]."
    )


def test_one_job_that_breaks_its_connection_is_no_outage(refusing: Refusing) -> None:
    for number in range(4):
        text = f"drop {number // 2}"
        assert refusing.ask("drop").status_code == 502, text
        assert refusing.ask("hello").status_code == 200
    assert refusing.provider()["status"] == "online"


@pytest.mark.parametrize(
    ("text", "status", "message", "code"),
    [
        ("too-long", 400, "This model's maximum context", "context_length_exceeded"),
        ("forged", 400, "bad\n2026-01-01 00:00:00 CRITICAL forged", None),
        ("quoting", 400, "header was 'Bearer [redacted]'", None),
        (
            "moved",
            502,
            "redirects to https://elsewhere.example.com/v1/chat (308)",
            "provider_redirected",
        ),
    ],
)
def test_words_of_the_provider_reach_the_client(
    refusing: Refusing, text: str, status: int, message: str, code: str | None
) -> None:
    answer = refusing.ask(text)
    error = answer.json()["error"]
    assert message in error["message"]
    assert (answer.status_code, error["code"]) == (status, code)
    job = refusing.stack.api().job(int(answer.headers["x-job-id"]))
    assert KEY not in answer.text + json.dumps(job)


def test_no_log_has_our_key_or_a_line_that_a_provider_wrote(refusing: Refusing) -> None:
    for text in ("forged", "quoting", "wrong-key"):
        refusing.ask(text)
    for log in refusing.logs().values():
        assert KEY not in log
        assert "\x1b" not in log
        assert not any(line.startswith("2026-01-01 00:00:00 CRITICAL") for line in log.splitlines())
    assert any("CRITICAL forged" in log for log in refusing.logs().values())
