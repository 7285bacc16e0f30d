"""The providers file read again: what says nothing changes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import redis

from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, Gateway, build


def _admin(gateway: Gateway, dto: str, **fields: Any) -> Any:
    return gateway.post(f"/api/{dto}", fields, key=ADMIN_SECRET)


@pytest.mark.parametrize("spoiled", ["gone", "a folder", "empty"])
def test_reload_of_a_file_that_says_nothing_is_refused_and_changes_nothing(
    fake_redis: redis.Redis, tmp_path: Path, spoiled: str
) -> None:
    file = tmp_path / "providers.toml"
    written = (
        '[[provider]]\nname = "p"\ntype = "openai"\nbase_url = "http://a/v1"\nmodels = ["m"]\n'
    )
    file.write_text(written)
    gateway = build(fake_redis, new_settings(auth_secret=ADMIN_SECRET, providers_file=file))
    assert _admin(gateway, "Reload").status_code == 200
    before = gateway.get("/api/QueryAiProviders", key=ADMIN_SECRET).json["results"]
    assert "p" in [one["name"] for one in before]
    file.unlink()
    if spoiled == "a folder":
        file.mkdir()
    elif spoiled == "empty":
        file.write_text("\n")
    answer = _admin(gateway, "Reload")
    assert answer.status_code == 400
    assert str(file) in answer.json["responseStatus"]["message"]
    assert "stay as they are" in answer.json["responseStatus"]["message"]
    assert gateway.get("/api/QueryAiProviders", key=ADMIN_SECRET).json["results"] == before
