"""The providers file read again: what says nothing changes nothing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support.factories import mark_of_a_reader, new_settings, pipe_that_nobody_writes_to
from tests.support.gateway_client import ADMIN_SECRET, Gateway, build


def _admin(gateway: Gateway, dto: str, **fields: Any) -> Any:
    return gateway.post(f"/api/{dto}", fields, key=ADMIN_SECRET)


_ONE = '[[provider]]\nname = "p"\ntype = "openai"\nbase_url = "http://a/v1"\nmodels = ["m"]\n'


def _folder(file: Path) -> None:
    file.mkdir()


def _empty(file: Path) -> None:
    file.write_text("\n")


def _half(file: Path) -> None:
    file.write_text(_ONE[:-4])


def _nested(file: Path) -> None:
    file.write_text("a = " + "[" * 5000)


def _twice(file: Path) -> None:
    file.write_text(_ONE * 2)


def _itself(file: Path) -> None:
    file.symlink_to(file)


def _latin_1(file: Path) -> None:
    file.write_bytes(_ONE.encode() + b"# \xe4")


def _gone(_: Path) -> None:
    """Nothing takes its place."""


@pytest.mark.parametrize(
    "spoil",
    [
        *(_gone, _folder, _empty, _half, _nested, _twice, _itself, _latin_1),
        pipe_that_nobody_writes_to,
    ],
)
def test_reload_of_a_file_that_says_nothing_is_refused_and_changes_nothing(
    fake_redis: redis.Redis, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(_ONE)
    gateway = build(fake_redis, new_settings(auth_secret=ADMIN_SECRET, providers_file=file))
    assert _admin(gateway, "Reload").status_code == 200
    before = gateway.get("/api/QueryAiProviders", key=ADMIN_SECRET).json["results"]
    assert "p" in [one["name"] for one in before]
    file.unlink()
    spoil(file)
    answer = _admin(gateway, "Reload")
    assert answer.status_code == 400
    assert str(file) in answer.json["responseStatus"]["message"]
    assert "stay as they are" in answer.json["responseStatus"]["message"]
    assert gateway.get("/api/QueryAiProviders", key=ADMIN_SECRET).json["results"] == before
    # Nor does what asks the file whose variables may be named wait for it.
    new = {"name": "n", "apiBaseUrl": "http://a/v1", "selectedModels": ["x"]}
    assert _admin(gateway, "CreateAiProvider", **new, apiKeyVar="OPENAI_API_KEY").status_code == 200
    assert not mark_of_a_reader(file).exists()
