"""Providers behind a company's proxy and its own certificates: real ones of both."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cli.demo.llm import DemoLlm
from shared.settings import new_api_key
from tests.acceptance.llms.fake_ollama import FakeOllama
from tests.acceptance.llms.tls_llm import TlsLlm
from tests.acceptance.system.api import chat
from tests.acceptance.system.certificates import Authority
from tests.acceptance.system.stack import Stack
from tests.acceptance.system.tinyproxy import PASSWORD, Tinyproxy

ADMIN = new_api_key()
DEMO = "demo-instant"


class Company:
    """A ReplyTo whose environment names a proxy, and LLMs on both sides of it."""

    def __init__(self, folder: Path) -> None:
        self.proxy = Tinyproxy(folder / "proxy")
        self._authority = Authority(folder)
        self._certificate = folder / "client.pem"
        self._folder = folder / "stack"
        context = self._authority.context("server")
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(self._authority.file)
        self._authority.context("client")
        self.tls_llm = TlsLlm(context)
        self.llm, self._ollama = DemoLlm(), FakeOllama(["llama"])
        self._open = ExitStack()

    def __enter__(self) -> Company:
        self._open.enter_context(self.proxy)
        self._open.enter_context(self.tls_llm)
        for server in (self.llm.start(), self._ollama.start()):
            self._open.callback(server.stop)
        self.stack = self._open.enter_context(self._stack())
        return self

    def __exit__(self, *exc: object) -> None:
        self._open.close()

    def said(self, model: str, **fields: Any) -> str:
        """Return what a model answers, or why it does not."""
        answer = self.stack.api().post("/v1/chat/completions", json=chat(model, **fields))
        return answer.text

    def everything_told(self) -> str:
        """Return all logs of ReplyTo, and all that it shows of its providers and of changes."""
        admin = self.stack.api(ADMIN)
        shown = [admin.get(f"/api/{dto}") for dto in ("QueryAiProviders", "GetActiveProviders")]
        roles = ("gateway", "completion", "chat1")
        return "\n".join([*(one.text for one in shown), *map(self.stack.log, roles)])

    def _stack(self) -> Stack:
        variables = {"HTTP_PROXY": self.proxy.url, "HTTPS_PROXY": self.proxy.url}
        secrets = {"REPLYTO_AUTH_SECRET": ADMIN, "REPLYTO_MAX_ATTEMPTS": "1"}
        stack = Stack(
            self._folder,
            demo_models=(),
            settings={**variables, **secrets, "NO_PROXY": "localhost,.example.com"},
            providers=self._providers(),
        )
        return stack.open()

    def _providers(self) -> str:
        local = self.llm.url.replace("127.0.0.1", "localhost")
        locked = {"proxy": self.proxy.url.replace(PASSWORD, f"not-{PASSWORD}")}
        direct = {"proxy": "direct"}
        files = {"ca_file": str(self._authority.file), "client_cert": str(self._certificate)}
        return "\n".join(
            [
                _provider("proxied", self.llm.url, {}),
                _provider("kept", local, {}),
                _provider("direct", self.llm.url, direct),
                _provider("locked", self.llm.url, locked),
                _provider("locked-tls", self.tls_llm.url, {**files, **locked}),
                _provider("tls", self.tls_llm.url, files),
                _provider("tls-direct", self.tls_llm.url, {**files, **direct}),
                _provider("strange", self.tls_llm.url, direct),
                _provider("broken", self.tls_llm.url, {"ca_file": "/not/there"}),
                _provider("llama", self._ollama.url, {"type": "ollama"}),
            ]
        )


def _provider(name: str, base_url: str, fields: dict[str, str]) -> str:
    own = "llama" if name == "llama" else DEMO
    rows = [f"{key} = '{value}'" for key, value in fields.items()]
    head = f"[[provider]]\nname = '{name}'\nbase_url = '{base_url}'"
    return "\n".join([head, *rows, f"models = {{ '{name}' = '{own}' }}"])


@pytest.fixture(scope="module")
def company(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Company]:
    with Company(tmp_path_factory.mktemp("company")) as company:
        yield company


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("model", "is_proxied", "answers"),
    [
        ("proxied", True, "chatcmpl-demo"),
        ("kept", False, "chatcmpl-demo"),
        ("direct", False, "chatcmpl-demo"),
        ("tls", True, "Over TLS."),
        ("tls-direct", False, "Over TLS."),
        ("llama", True, "llama"),
    ],
)
def test_call_goes_the_way_that_is_configured(
    company: Company, model: str, is_proxied: bool, answers: str, stream: bool
) -> None:
    before = company.proxy.posts
    assert answers in company.said(model, stream=stream)
    handed_on = company.proxy.posts - before
    assert handed_on == (is_proxied and model != "tls")


def test_calls_that_take_no_proxy_need_none(company: Company) -> None:
    with company.proxy.away():
        assert "Over TLS." in company.said("tls-direct")
        assert "chatcmpl-demo" in company.said("direct")
        assert "Over TLS." not in company.said("tls")


def test_server_behind_tls_sees_our_certificate_and_no_other(company: Company) -> None:
    assert "Over TLS." in company.said("tls")
    assert "Over TLS." in company.said("tls-direct")
    assert set(company.tls_llm.clients) == {"((('commonName', 'client'),),)"}
    assert f"CONNECT 127.0.0.1:{company.tls_llm.port}" in company.proxy.log()


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("locked-tls", "through its proxy: Tunnel connection failed: 40"),
        ("strange", "over TLS: "),
        ("broken", "its ca_file cannot be used: no such file or directory"),
    ],
)
def test_way_that_is_barred_is_named(company: Company, model: str, says: str) -> None:
    told = company.said(model)
    assert says in told
    assert '"code":"provider_unavailable"' in told.replace(" ", "")


def test_probes_and_questions_for_models_take_the_same_way(company: Company) -> None:
    admin = company.stack.api(ADMIN)
    for name in ("proxied", "tls"):
        before = company.proxy.requests
        told = admin.post("/api/CheckAiProviderStatus", json={"provider": name}).json()
        assert told["result"] is True, told
        assert company.proxy.requests > before
    told = admin.post("/api/CheckAiProviderStatus", json={"provider": "locked-tls"}).json()
    assert told["result"] is False
    assert "through its proxy: Tunnel" in told["reason"]
    before = company.proxy.requests
    assert "llama" in company.stack.api().get("/api/GetOllamaModels").text
    assert company.proxy.requests > before


def test_provider_trial_takes_the_same_way(company: Company) -> None:
    before = company.proxy.requests
    told = company.stack.api(ADMIN).post(
        "/api/ChatAiProvider", json={"provider": "proxied", "model": "proxied", "prompt": "Hi"}
    )
    assert told.status_code == 200, told.text
    assert company.proxy.requests > before


def test_password_of_a_proxy_is_told_nowhere(company: Company) -> None:
    for model in ("locked", "locked-tls", "proxied"):
        company.said(model)
    told = company.everything_told()
    assert "***@127.0.0.1" in told
    assert PASSWORD not in told
