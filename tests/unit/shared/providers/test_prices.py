"""Tokens as responses state them, and what they cost."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from shared.providers.prices import NANOS, FilePrices, Price, load_prices
from shared.settings import SettingsError
from shared.wire.usage import Usage, usage_of
from tests.support.factories import mark_of_a_reader, pipe_that_nobody_writes_to


@pytest.mark.parametrize(
    ("body", "usage"),
    [
        pytest.param(
            {
                "usage": {
                    "prompt_tokens": 9,
                    "completion_tokens": 3,
                    "total_tokens": 12,
                    "prompt_tokens_details": {"cached_tokens": 4},
                }
            },
            Usage(9, 3, 12, 4),
            id="chat",
        ),
        pytest.param(
            {
                "usage": {
                    "input_tokens": 9,
                    "output_tokens": 3,
                    "input_tokens_details": {"cached_tokens": 2},
                }
            },
            Usage(9, 3, 12, 2),
            id="responses",
        ),
        pytest.param({"prompt_eval_count": 5, "eval_count": 6}, Usage(5, 6, 11), id="Ollama"),
        pytest.param(
            {"usage": {"prompt_tokens": 7, "total_tokens": 7}}, Usage(7, 0, 7), id="embed"
        ),
        pytest.param(
            {"choices": [{}, {"usage": {"prompt_tokens": 4, "completion_tokens": 2}}]},
            Usage(4, 2, 6),
            id="Moonshot's, in the choice",
        ),
        pytest.param(
            {"usage": {"prompt_tokens": 4.0, "completion_tokens": 2.5}},
            Usage(4, 0, 4),
            id="whole numbers with a fraction",
        ),
        pytest.param({"usage": None, "choices": [None, {"usage": 1}]}, Usage(), id="null"),
        pytest.param({"usage": {"prompt_tokens": "9"}}, Usage(), id="a text"),
        pytest.param({"usage": {"prompt_tokens": -9}}, Usage(), id="negative"),
        pytest.param({"usage": {"prompt_tokens": True}}, Usage(), id="a truth"),
        pytest.param({"usage": {"prompt_tokens": 2**70}}, Usage(), id="nonsense"),
        pytest.param([1], Usage(), id="no object"),
    ],
)
def test_usage_is_read_in_the_words_of_each_api(body: Any, usage: Usage) -> None:
    assert usage_of(json.dumps(body).encode()) == usage


@pytest.mark.parametrize("response", [None, b"", b"no json", b"[" * 100_000])
def test_usage_of_no_answer_is_nothing(response: bytes | None) -> None:
    assert usage_of(response) == Usage()


def test_cached_tokens_have_their_own_price() -> None:
    usage = Usage(prompt=1_000_000, completion=2_000_000, cached=400_000)
    assert Price(input=1, output=2, cached=0.5).cost_nanos(usage) == round(4.8 * NANOS)
    assert Price(input=1, output=2).cost_nanos(usage) == 5 * NANOS
    assert Price(input=1, cached=0).cost_nanos(Usage(prompt=10, cached=99)) == 0


def test_price_of_a_providers_model_goes_before_that_of_the_model(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(
        '[price."org/m"]\ninput = 1\n[price."acme/org/m"]\ninput = 3\n'
        '[[provider]]\nname = "acme"\nbase_url = "http://127.0.0.1/v1"\nmodels = ["m"]\n'
    )
    prices, usage = load_prices(file), Usage(prompt=1_000_000)
    costs = [prices.cost_nanos(*names, usage) for names in (("acme", "org/m"), ("x", "org/m"))]
    assert costs == [3 * NANOS, NANOS]
    assert prices.cost_nanos("acme", "other", usage) == 0


def test_prices_that_are_wrong_are_named(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text("[price.m]\ninput = -1\n")
    with pytest.raises(SettingsError, match=r'\[price\."m"\]: input: '):
        load_prices(file)
    assert load_prices(tmp_path / "none.toml").cost_nanos("p", "m", Usage(prompt=1)) == 0


def test_prices_follow_their_file_and_stay_when_it_is_wrong(tmp_path: Path) -> None:
    path, usage = tmp_path / "providers.toml", Usage(1_000_000, 0, 1_000_000)
    prices = FilePrices(path)
    costs = [prices.cost_nanos("p", "m", usage)]
    for text in ("[price.m]\ninput = 2\n", "[price.m]\ninput = -1\n", "[price.m]\ninput = 30\n"):
        path.write_text(text)
        costs.append(prices.cost_nanos("p", "m", usage))
    path.write_bytes(b"\xff")
    assert prices.cost_nanos("p", "m", usage) == costs[-1]
    assert costs == [0, 2 * NANOS, 2 * NANOS, 30 * NANOS]


def _gone(path: Path) -> None:
    path.unlink()


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _empty(path: Path) -> None:
    path.write_text("\n")


def _unreadable(path: Path) -> None:
    path.unlink()
    path.symlink_to(path)


def _pipe(path: Path) -> None:
    path.unlink()
    pipe_that_nobody_writes_to(path)


def _half_written(path: Path) -> None:
    path.write_text(path.read_text()[:-5])


def _nested(path: Path) -> None:
    path.write_text("a = " + "[" * 5000)


@pytest.mark.parametrize(
    "spoil", [_gone, _folder, _empty, _unreadable, _pipe, _half_written, _nested]
)
def test_prices_stay_when_their_file_says_nothing_any_more_and_it_is_said_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, spoil: Callable[[Path], None]
) -> None:
    path, usage = tmp_path / "providers.toml", Usage(1_000_000, 0, 1_000_000)
    path.write_text("[price.m]\ninput = 2\n")
    prices = FilePrices(path)
    assert prices.problem() == ""
    spoil(path)
    for _ in range(3):
        assert prices.cost_nanos("p", "m", usage) == 2 * NANOS
        assert prices.current().knows("m")
    assert str(path) in prices.problem()
    told = [record for record in caplog.records if record.levelname == "WARNING"]
    assert [str(path) in one.getMessage() for one in told] == [True]
    assert not mark_of_a_reader(path).exists()
    if path.is_dir():
        path.rmdir()
    path.unlink(missing_ok=True)
    path.write_text("[price.m]\ninput = 30\n")
    assert prices.cost_nanos("p", "m", usage) == 30 * NANOS
    assert prices.problem() == ""


def test_prices_are_read_when_their_file_comes_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, usage = tmp_path / "providers.toml", Usage(1_000_000, 0, 1_000_000)
    prices = FilePrices(path)
    assert (prices.cost_nanos("p", "m", usage), prices.problem()) == (0, "")
    assert caplog.records == []
    path.write_text("[price.m]\ninput = 2\n")
    assert prices.cost_nanos("p", "m", usage) == 2 * NANOS


def test_current_prices_stay_what_they_were_when_they_were_taken(tmp_path: Path) -> None:
    path, usage = tmp_path / "providers.toml", Usage(1_000_000, 0, 1_000_000)
    path.write_text("[price.m]\ninput = 2\n")
    prices = FilePrices(path)
    before = prices.current()
    path.write_text("[price.m]\ninput = 30\n")
    taken = (before, prices.current())
    assert [some.cost_nanos("p", "m", usage) for some in taken] == [2 * NANOS, 30 * NANOS]
