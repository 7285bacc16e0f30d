"""Limits without a ledger: guesses, headers, patterns of models, scopes."""

from __future__ import annotations

import json
import math

import pytest

from shared.api_keys.limits import Limits, Taken, duration, guess_tokens, headers, month_of
from shared.api_keys.record import ApiKey, digest, may_use, owner_of, visible
from shared.api_keys.scopes import Scope, allows
from shared.settings import new_api_key


@pytest.mark.parametrize(
    ("ms", "text"),
    [(0, "0ms"), (6, "6ms"), (999, "999ms"), (1000, "1s"), (59_001, "1m"), (90_000, "1m30s")],
)
def test_duration_is_written_as_openai_does(ms: int, text: str) -> None:
    assert duration(ms) == text


def test_headers_tell_only_the_limits_that_there_are() -> None:
    told = headers(Limits(requests_per_minute=5), Taken(7, 1500, 3, 0))
    assert told == {
        "x-ratelimit-limit-requests": "5",
        "x-ratelimit-remaining-requests": "0",
        "x-ratelimit-reset-requests": "2s",
    }


def request(**fields: object) -> str:
    return json.dumps({"model": "m", "messages": [], **fields})


def test_guess_adds_what_the_answer_may_take() -> None:
    least = guess_tokens(request(), most=10**6)
    assert least == math.ceil(len(request()) / 4)
    assert guess_tokens(request(max_tokens=100), most=10**6) > least + 100
    assert guess_tokens(request(max_completion_tokens=100, n=3), most=10**6) > least + 300


def test_guess_takes_a_file_for_a_file_and_not_for_text() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/png;base64," + "A" * 400_000}}
    assert 1_000 < guess_tokens(request(messages=[{"content": [image]}]), most=10**6) < 1_100


def test_guess_is_never_more_than_the_limit() -> None:
    assert guess_tokens(request(max_tokens=10**9), most=500) == 500


@pytest.mark.parametrize("odd", ["many", None, -5, 0, 1.5, True, [], {}])
def test_guess_takes_no_odd_value_for_a_number(odd: object) -> None:
    assert guess_tokens(request(max_tokens=odd, n=odd), most=10**6) < 30


@pytest.mark.parametrize(
    ("patterns", "model", "allowed"),
    [
        pytest.param((), "anything", True, id="none is every model"),
        pytest.param(("llama3*",), "llama3.1:8b", True, id="star"),
        pytest.param(("llama3*",), "my-llama3", False, id="from the start"),
        pytest.param(("a", "b"), "b", True, id="any of them"),
        pytest.param(("Model",), "model", False, id="casing counts"),
        pytest.param(("m[12]",), "m1", False, id="brackets are brackets"),
        pytest.param(("m[12]",), "m[12]", True, id="brackets match themselves"),
    ],
)
def test_may_use_follows_the_patterns(
    patterns: tuple[str, ...], model: str, *, allowed: bool
) -> None:
    assert may_use(patterns, model) is allowed


@pytest.mark.parametrize("scope", Scope)
def test_scope_is_included_in_admin_and_to_look_in_what_changes_something(scope: Scope) -> None:
    changing = {Scope.ADMIN_KEYS, Scope.ADMIN_PROVIDERS} if scope is Scope.ADMIN_READ else set()
    assert {held for held in Scope if allows({held}, scope)} == {scope, Scope.ADMIN, *changing}


def test_owner_of_a_user_is_never_that_of_a_key_or_of_what_is_built_in() -> None:
    owners = {owner_of(7, user_id) for user_id in (None, "7", "key_7", "admin", "bootstrap")}
    assert len(owners) == 5
    assert owners.isdisjoint({"admin", "bootstrap"})


def test_record_of_a_key_comes_back_as_it_was_and_holds_no_secret() -> None:
    secret = new_api_key()
    key = ApiKey(
        7,
        digest(secret),
        "key_7",
        revision=3,
        scopes=frozenset({Scope.READ, Scope.ADMIN_KEYS}),
        models=("a*",),
        limits=Limits(requests_per_minute=5, monthly_cost_nanos=6),
        expires_ms=9,
        revoked=True,
    )
    assert ApiKey.from_json(key.to_json().encode()) == key
    assert secret[3:] not in key.to_json()


def test_record_of_a_later_version_is_read_as_far_as_it_is_known() -> None:
    row = json.loads(ApiKey(7, "d", "key_7").to_json())
    row.update(scopes=["chat", "teleport"], limits={"light_years": 4}, colour="red")
    assert ApiKey.from_json(json.dumps(row)) == ApiKey(
        7, "d", "key_7", scopes=frozenset({Scope.CHAT})
    )


def test_new_keys_have_256_bits_and_show_eight_characters() -> None:
    secret = new_api_key()
    assert secret.startswith("ak-")
    assert len(secret) == 3 + 43
    assert visible(secret) == secret[:8] + "…"


def test_month_is_that_of_utc() -> None:
    assert month_of(1_700_000_000_000) == "2023-11"
    assert [month_of(1_701_388_800_000 + ms) for ms in (-1, 0)] == ["2023-11", "2023-12"]
