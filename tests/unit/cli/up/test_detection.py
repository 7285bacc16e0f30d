"""Which LLMs `replyto up` finds by itself, and the providers file that it writes for them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cli.up.detection import demo_provider, detect, is_configured, local_providers, providers_toml
from cli.up.presets import HOSTED, LOCAL, Provider
from cli.up.start_problem import StartProblem
from cli.wsgi_thread import Environ, ServerThread, StartResponse
from shared.providers.presets import PRESETS
from shared.providers.provider import load_registry

NOTHING_LOCAL: dict[str, str] = {}
NOBODY = "http://127.0.0.1:1"


class FakeServer:
    """Answers the one GET that lists models, by its path."""

    def __init__(self) -> None:
        self.lists: dict[str, object] = {
            "/api/tags": {"models": [{"name": "llama3.1:8b"}, {"name": "qwen2.5:7b"}]},
            "/v1/models": {"object": "list", "data": [{"id": "local-model", "object": "model"}]},
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        start_response("200 OK", [("content-type", "application/json")])
        return [json.dumps(self.lists[environ["PATH_INFO"]]).encode()]


@pytest.fixture
def server() -> Iterator[tuple[FakeServer, str]]:
    fake = FakeServer()
    thread = ServerThread(fake)
    thread.start()
    yield fake, f"http://127.0.0.1:{thread.port}"
    thread.stop()


def test_detect_finds_nothing_on_a_bare_machine() -> None:
    assert detect({}, {"ollama": NOBODY, "vllm": f"{NOBODY}/v1"}) == []


def test_detect_finds_a_hosted_service_by_its_key() -> None:
    found = detect({"GROQ_API_KEY": "gsk", "OPENAI_API_KEY": ""}, NOTHING_LOCAL)
    assert [provider.name for provider in found] == ["groq"]


def test_detect_finds_anthropic_as_its_own_type() -> None:
    (found,) = detect({"ANTHROPIC_API_KEY": "sk-ant"}, NOTHING_LOCAL)
    assert (found.name, found.type) == ("anthropic", "anthropic")


def test_detect_finds_ollama_with_its_models_first(server: tuple[FakeServer, str]) -> None:
    _, url = server
    first, second = detect({"OPENAI_API_KEY": "sk"}, {"ollama": url})
    assert (first.name, first.models) == ("ollama", ("llama3.1:8b", "qwen2.5:7b"))
    assert (first.type, first.base_url) == ("ollama", url)
    assert second.name == "openai"


@pytest.mark.parametrize("name", ["lmstudio", "llamacpp", "vllm"])
def test_servers_of_openais_api_are_found_by_their_list(
    server: tuple[FakeServer, str], name: str
) -> None:
    _, url = server
    (found,) = local_providers({"ollama": NOBODY, name: f"{url}/v1"})
    assert (found.name, found.type, found.models) == (name, "openai", ("local-model",))


def test_servers_are_looked_for_on_loopback_only() -> None:
    assert all(str(PRESETS[name].base_url).startswith("http://127.0.0.1:") for name in LOCAL)


@pytest.mark.parametrize("tags", [[], {}, {"models": None}, {"models": [{}]}, {"models": []}])
def test_server_without_models_or_in_disguise_is_none(
    server: tuple[FakeServer, str], tags: object
) -> None:
    fake, url = server
    fake.lists["/api/tags"] = tags
    assert local_providers({"ollama": url}) == []


def test_providers_toml_is_what_it_was_made_from() -> None:
    odd = Provider(
        'o\'dd "one"', "http://127.0.0.1:1", ('m"1', "ü:8b"), "KEY", priority=3, type="ollama"
    )
    first, second = tomllib.loads(providers_toml([odd, demo_provider(8500)]))["provider"]
    assert first == {
        "name": odd.name,
        "type": "ollama",
        "base_url": odd.base_url,
        "api_key_env": "KEY",
        "concurrency": odd.concurrency,
        "priority": 3,
        "models": list(odd.models),
    }
    assert second["base_url"] == "http://127.0.0.1:8500/v1"
    assert "api_key_env" not in second


def test_every_hosted_service_has_a_key_an_https_url_and_models() -> None:
    assert all(p.api_key_env and p.base_url.startswith("https://") and p.models for p in HOSTED)


def test_is_configured_by_a_providers_file(tmp_path: Path) -> None:
    path = tmp_path / "providers.toml"
    assert not is_configured(path, required=False)
    path.write_text("[[provider]]\npreset = 'ollama'\nmodels = ['m']\n")
    assert is_configured(path, required=False)


def test_is_configured_names_the_file_that_is_missing_or_broken(tmp_path: Path) -> None:
    path = tmp_path / "providers.toml"
    with pytest.raises(StartProblem, match=r"there is no .*providers\.toml"):
        is_configured(path, required=True)
    path.write_text("[[provider")
    with pytest.raises(StartProblem, match=r"providers\.toml: Expected"):
        is_configured(path, required=False)


def test_example_file_is_valid() -> None:
    example = Path(__file__).parents[4] / "providers.example.toml"
    assert len(load_registry(example).providers) > 3
