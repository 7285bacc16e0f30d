"""Reading providers.toml."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.providers.extras import resolved
from shared.providers.presets import PRESETS
from shared.providers.provider import Provider, load_registry
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
        pytest.param(f"[[provider]]\n{_GOOD}", "1: name: is missing", id="no name"),
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


# --- presets, headers, query ------------------------------------------------------------------


def test_preset_fills_what_is_not_given(tmp_path: Path) -> None:
    path = _write(
        tmp_path,
        """
[[provider]]
preset = "groq"
models = ["m"]

[[provider]]
name = "mine"
preset = "anthropic"
api_key_env = "MY_KEY"
models = ["m"]

[[provider]]
preset = "azure"
base_url = "https://mine.openai.azure.com/openai/v1"
models = ["m"]
""",
    )
    groq, mine, azure = load_registry(path).providers
    assert (groq.name, groq.type, groq.api_key_env) == ("groq", "openai", "GROQ_API_KEY")
    assert groq.endpoint("x") == "https://api.groq.com/openai/v1/x"
    assert (mine.name, mine.type, mine.api_key_env) == ("mine", "anthropic", "MY_KEY")
    assert (azure.api_key_header, azure.api_key_env) == ("api-key", "AZURE_OPENAI_API_KEY")


@pytest.mark.parametrize("name", PRESETS)
def test_every_preset_makes_a_provider(name: str) -> None:
    values = {"preset": name, "models": ["m"]}
    if PRESETS[name].base_url is None:
        values["base_url"] = "https://mine/v1"
    assert Provider.model_validate(values).name == name


def test_headers_and_query_take_their_values_from_the_environment() -> None:
    values = {"a": "text", "b": "env:SET", "c": "env:UNSET", "d": "env:EMPTY"}
    environment = {"SET": "secret", "EMPTY": ""}
    assert resolved(values, environment) == (("a", "text"), ("b", "secret"))


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        pytest.param('headers = { "X-Gate-Token" = "x" }', "X-Gate-Token", id="by its name"),
        pytest.param('query = { key = "x" }', "key", id="in the query"),
        pytest.param('headers = { X-Team = "sk-123" }', "X-Team", id="by its value"),
        pytest.param('headers = { X-Who = "Bearer x" }', "X-Who", id="by its scheme"),
    ],
)
def test_secret_that_is_written_out_is_refused_and_not_repeated(
    tmp_path: Path, fields: str, name: str
) -> None:
    """The registry in Redis would hold it in the open."""
    with pytest.raises(SettingsError, match=f"groq: {name}: .*env:NAME") as caught:
        load_registry(_write(tmp_path, f'[[provider]]\npreset = "groq"\nmodels = ["m"]\n{fields}'))
    assert "123" not in str(caught.value)


def test_ordinary_headers_and_query_may_be_written_out(tmp_path: Path) -> None:
    fields = 'headers = { X-Team = "a", X-Max-Tokens = "5" }\nquery = { api-version = "preview" }'
    file = f'[[provider]]\npreset = "groq"\nmodels = ["m"]\n{fields}\n'
    assert load_registry(_write(tmp_path, file)).providers[0].query == {"api-version": "preview"}


def test_headers_and_query_are_never_shown() -> None:
    values = {
        "preset": "ollama",
        "models": ["m"],
        "headers": {"x": "s3cret"},
        "query": {"k": "s3cret"},
    }
    assert "s3cret" not in repr(Provider.model_validate(values))


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        pytest.param('preset = "nobody"', "preset must be one of openai", id="unknown preset"),
        pytest.param('preset = "azure"', "base_url", id="a preset that needs a base URL"),
        pytest.param(
            'preset = "groq"\nheaders = { "a b" = "x" }', "not the name of a header", id="no header"
        ),
        pytest.param(
            'preset = "groq"\nheaders = { "Content-Length" = "1" }', "cannot be set", id="not ours"
        ),
        pytest.param(
            'preset = "groq"\nheaders = { "x" = "a\\nb" }', "printable ASCII", id="two lines"
        ),
        pytest.param(
            'preset = "groq"\nquery = { "x" = "env:no-name" }', "environment variable", id="no name"
        ),
        pytest.param(
            'preset = "groq"\napi_key_header = "a:b"', "not the name of a header", id="key header"
        ),
    ],
)
def test_wrong_preset_header_or_query_is_named(tmp_path: Path, fields: str, named: str) -> None:
    with pytest.raises(SettingsError, match=named):
        load_registry(_write(tmp_path, f'[[provider]]\nmodels = ["m"]\n{fields}\n'))


@pytest.mark.parametrize(
    ("fields", "models_url", "header"),
    [
        pytest.param(
            {"base_url": "http://h/v1"},
            "http://h/v1/models",
            ("Authorization", "Bearer k"),
            id="openai",
        ),
        pytest.param(
            {"base_url": "http://h", "type": "anthropic"},
            "http://h/v1/models",
            ("x-api-key", "k"),
            id="anthropic",
        ),
        pytest.param(
            {"base_url": "http://h/v1", "type": "ollama", "api_key_header": "api-key"},
            "http://h/v1/models",
            ("api-key", "k"),
            id="a header of its own",
        ),
    ],
)
def test_type_says_where_models_are_listed_and_how_the_key_is_sent(
    fields: dict[str, str], models_url: str, header: tuple[str, str]
) -> None:
    provider = Provider.model_validate({"name": "p", "models": ["m"], **fields})
    assert provider.models_url == models_url
    assert provider.key_headers("k") == (header,)
    assert provider.key_headers(None) == ()
