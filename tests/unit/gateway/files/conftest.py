"""A gateway that keeps files, of 300,000 bytes at most."""

from __future__ import annotations

from pathlib import Path

import pytest
import redis

from shared.security.sealing import new_encryption_key
from tests.support.factories import new_settings
from tests.support.gateway_client import ADMIN_SECRET, API_KEY, Gateway, build


@pytest.fixture
def gateway(fake_redis: redis.Redis, tmp_path: Path) -> Gateway:
    """Return it; its files are in the test's own folder."""
    settings = new_settings(
        api_key=API_KEY,
        auth_secret=ADMIN_SECRET,
        encryption_key=new_encryption_key(),
        artifacts=str(tmp_path / "files"),
        max_file_bytes=300_000,
        storage_free_bytes=0,
    )
    return build(fake_redis, settings)
