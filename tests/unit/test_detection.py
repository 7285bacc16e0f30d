"""Which LLMs `replyto up` finds by itself, and the providers file that it writes for them."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from cli.detection import demo_provider, detect, is_configured, ollama_models, providers_toml
from cli.presets import HOSTED, Provider
from cli.start_problem import StartProblem
from cli.wsgi_thread import Environ, ServerThread, StartResponse

NO_OLLAMA = "http://127.0.0.1:1"


class FakeOllama:
    """Answers GET /api/tags with `tags`."""

    tags: object = {"models": [{"name": "llama3.1:8b"}, {"name": "qwen2.5:7b"}]}

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        assert environ["PATH_INFO"] == "/api/tags"
        start_response("200 OK", [("content-type", "application/json")])
        return [json.dumps(self.tags).encode()]


@pytest.fixture
def ollama() -> Iterator[tuple[FakeOllama, str]]:
    fake = FakeOllama()
    server = ServerThread(fake)
    server.start()
    yield fake, f"http://127.0.0.1:{server.port}"
    server.stop()


def test_detect_finds_nothing_on_a_bare_machine() -> None:
    assert detect({}, NO_OLLAMA) == []


def test_detect_finds_a_hosted_service_by_its_key() -> None:
    found = detect({"GROQ_API_KEY": "gsk", "OPENAI_API_KEY": ""}, NO_OLLAMA)
    assert [provider.name for provider in found] == ["groq"]


def test_detect_finds_ollama_with_its_models_first(ollama: tuple[FakeOllama, str]) -> None:
    _, url = ollama
    first, second = detect({"OPENAI_API_KEY": "sk"}, url)
    assert (first.name, first.models) == ("ollama", ("llama3.1:8b", "qwen2.5:7b"))
    assert first.base_url == f"{url}/v1"
    assert second.name == "openai"


@pytest.mark.parametrize("tags", [[], {}, {"models": None}, {"models": [{}]}, {"models": []}])
def test_ollama_without_models_or_in_disguise_is_none(
    ollama: tuple[FakeOllama, str], tags: object
) -> None:
    fake, url = ollama
    fake.tags = tags
    assert ollama_models(url) == ()


def test_providers_toml_is_what_it_was_made_from() -> None:
    odd = Provider('o\'dd "one"', "http://127.0.0.1:1/v1", ('m"1', "ü:8b"), "KEY", priority=3)
    first, second = tomllib.loads(providers_toml([odd, demo_provider(8500)]))["provider"]
    assert first == {
        "name": odd.name,
        "type": "openai",
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
    path.write_text("[[provider]]\nname = 'x'\n")
    assert is_configured(path, required=False)


def test_is_configured_names_the_file_that_is_missing_or_broken(tmp_path: Path) -> None:
    path = tmp_path / "providers.toml"
    with pytest.raises(StartProblem, match=r"there is no .*providers\.toml"):
        is_configured(path, required=True)
    path.write_text("[[provider")
    with pytest.raises(StartProblem, match=r"providers\.toml: Expected"):
        is_configured(path, required=False)


def test_example_file_is_valid() -> None:
    example = Path(__file__).parents[2] / "providers.example.toml"
    for provider in tomllib.loads(example.read_text("utf-8"))["provider"]:
        assert {"name", "type", "base_url", "models"} <= provider.keys()
