"""Reading providers.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.providers import load_registry
from shared.settings import SettingsError


def _write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "providers.toml"
    path.write_text(text, "utf-8")
    return path


def test_load_registry_reads_models_as_list_and_as_table(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
[[provider]]
name = "one"
base_url = "http://127.0.0.1:8000/v1"
models = ["a", "b"]

[[provider]]
name = "two"
type = "openai"
base_url = "http://127.0.0.1:8001/v1/"
api_key_env = "TWO_KEY"
concurrency = 3
priority = 5
models = { "b" = "vendor/b-large", "llama3.1:8b" = "x" }
""",
    )
    registry = load_registry(path)
    assert registry.models == ["a", "b", "llama3.1:8b"]
    assert [provider.name for provider in registry.serving("b")] == ["two", "one"]
    two = registry.named("two")
    assert two is not None
    assert two.models["b"] == "vendor/b-large"
    assert two.endpoint("chat/completions") == "http://127.0.0.1:8001/v1/chat/completions"


def test_load_registry_is_empty_when_file_is_missing(tmp_path: Path) -> None:
    assert load_registry(tmp_path / "none.toml").models == []


_GOOD = 'base_url = "http://127.0.0.1/v1"\nmodels = ["m"]\n'


@pytest.mark.parametrize(
    ("text", "named"),
    [
        pytest.param("[[provider]\n", "providers.toml", id="no TOML"),
        pytest.param(f"[[provider]]\n{_GOOD}", "provider.0.name", id="no name"),
        pytest.param('[[provider]]\nname="a"\nmodels=["m"]', "base_url", id="no base URL"),
        pytest.param(
            '[[provider]]\nname="a"\nbase_url="http://h/v1"\nmodels=[]', "models", id="no models"
        ),
        pytest.param(f'[[provider]]\nname="a"\ntype="x"\n{_GOOD}', "type", id="unknown type"),
        pytest.param(f'[[provider]]\nname="a"\nkey="x"\n{_GOOD}', "key", id="unknown field"),
        pytest.param(
            f'[[provider]]\nname="a"\n{_GOOD}[[provider]]\nname="a"\n{_GOOD}',
            "two providers are named 'a'",
            id="one name twice",
        ),
    ],
)
def test_load_registry_names_what_is_wrong(tmp_path: Path, text: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_registry(_write(tmp_path, text))
