"""What is wrong with `providers.toml` is one sentence: which entry, which field, what to write."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.providers.prices import load_prices
from shared.providers.provider import load_registry
from shared.settings import SettingsError

_HERE = 'base_url = "http://127.0.0.1:1/v1"\nmodels = ["m"]\n'


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            '[[provider]]\nname = "a"\nbase_ulr = "http://h/v1"\nmodels = ["m"]',
            "provider 'a': base_ulr: there is no such field; did you mean base_url?",
            id="a mistyped field comes before the one that is missing",
        ),
        pytest.param(
            f'[[provider]]\nname = "a"\nzzz = 1\n{_HERE}',
            "provider 'a': zzz: there is no such field",
            id="a field like none",
        ),
        pytest.param(
            f"[[provider]]\n{_HERE}", "[[provider]] 1: name: is missing", id="an entry without name"
        ),
        pytest.param(
            '[[provider]]\npreset = "azure"\nmodels = ["m"]',
            "provider 'azure': base_url: is missing",
            id="an entry that has a preset's name",
        ),
        pytest.param(
            f'[provider]\nname = "a"\n{_HERE}',
            "a provider begins with [[provider]], in two brackets on each side",
            id="one pair of brackets",
        ),
        pytest.param(
            f'[[providers]]\nname = "a"\n{_HERE}',
            "there is no table 'providers'; there are [[provider]] and [price.\"a model\"]",
            id="a table of another name",
        ),
        pytest.param(
            f'[[provider]]\nname = "a"\ntype = "opnai"\n{_HERE}',
            "provider 'a': type: must be one of 'openai', 'ollama', 'anthropic', 'automatic1111', "
            "'comfyui', 'replicate', 'local'",
            id="a type that is none",
        ),
        pytest.param(
            f'[[provider]]\nname = "a"\nconcurrency = "many"\n{_HERE}',
            "provider 'a': concurrency: must be a whole number",
            id="words for a number",
        ),
        pytest.param(
            f'[[provider]]\nname = "a"\nconcurrency = 0\n{_HERE}',
            "provider 'a': concurrency: must be at least 1",
            id="a number that is too small",
        ),
        pytest.param(
            '[[provider]]\nname = "a"\nbase_url = "127.0.0.1:11434"\nmodels = ["m"]',
            "provider 'a': base_url: must be a URL such as http://127.0.0.1:8000/v1",
            id="an address without its scheme",
        ),
        pytest.param(
            '[[provider]]\nname = "a"\nbase_url = "ftp://h/v1"\nmodels = ["m"]',
            "provider 'a': base_url: must be a URL that begins with http:// or https://",
            id="a URL of something else",
        ),
        pytest.param(
            '[[provider]]\npreset = "olama"\nmodels = ["m"]',
            "provider 'olama': preset must be one of openai, ",
            id="a preset that is none",
        ),
        pytest.param(
            '[[provider]]\npreset = "ollama"\nmodels = []',
            "provider 'ollama': models: must have 1 or more entries",
            id="no models",
        ),
        pytest.param(
            '[[provider]]\npreset = "ollama"\nmodels = { m = { temprature = 1 } }',
            "provider 'ollama': defaults.m.temprature: there is no such field; did you mean "
            "temperature?",
            id="a mistyped default",
        ),
    ],
)
def test_a_wrong_entry_is_told_with_its_cure(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_registry(file)
    assert str(caught.value).startswith(f"{file}: {told}")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        pytest.param(
            '[price."m"]\ninptu = 1',
            '[price."m"]: inptu: there is no such field; did you mean input?',
            id="a mistyped field",
        ),
        pytest.param(
            '[price."m"]\ninput = "dear"', '[price."m"]: input: must be a number', id="a word"
        ),
        pytest.param("price = 3", 'price: must be a table such as { "one" = "other" }', id="none"),
    ],
)
def test_a_wrong_price_is_told_with_its_cure(tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(text)
    with pytest.raises(SettingsError) as caught:
        load_prices(file)
    assert str(caught.value) == f"{file}: {told}"
