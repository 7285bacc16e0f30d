"""Settings from the environment, and secrets kept in the data directory."""

from __future__ import annotations

import errno
import stat
from pathlib import Path

import pytest

from shared.settings import SettingsError, load_settings


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in (
        "API_KEY",
        "AUTH_SECRET",
        "CALLBACK_SECRET",
        "ENCRYPTION_KEY",
        "REDIS_URL",
        "PORT",
    ):
        monkeypatch.delenv(f"REPLYTO_{name}", raising=False)
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path / "data"))


def test_load_settings_generates_secrets_once_when_unset(tmp_path: Path) -> None:
    first, second = load_settings(), load_settings()
    assert first == second
    assert first.api_key.get_secret_value().startswith("ak-")
    assert first.callback_secret.get_secret_value().startswith("whsec_")
    assert first.api_key != first.auth_secret
    for name in (
        "api_key",
        "auth_secret",
        "callback_secret",
        "callback_private_keys",
        "encryption_key",
    ):
        mode = stat.S_IMODE((tmp_path / "data" / name).stat().st_mode)
        assert mode == 0o600
    assert sorted(path.name for path in (tmp_path / "data").iterdir()) == [
        "api_key",
        "auth_secret",
        "callback_private_keys",
        "callback_secret",
        "encryption_key",
    ]


def test_load_settings_takes_secret_from_environment_and_keeps_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPLYTO_API_KEY", "ak-mine")
    assert load_settings().api_key.get_secret_value() == "ak-mine"
    assert not (tmp_path / "data" / "api_key").exists()


def test_secrets_are_kept_on_a_disk_without_links(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    first = load_settings()
    assert load_settings() == first
    assert not list((tmp_path / "data").glob(".*"))


def test_load_settings_never_shows_secrets_in_its_text() -> None:
    settings = load_settings()
    assert settings.api_key.get_secret_value() not in repr(settings)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REPLYTO_PORT", "http"),
        ("REPLYTO_PORT", "0"),
        ("REPLYTO_LEASE_S", "-1"),
        ("REPLYTO_CALLBACK_SECRET", "plain"),
        ("REPLYTO_CALLBACK_SECRET", "whsec_a"),
        ("REPLYTO_CALLBACK_PRIVATE_KEYS", "plain"),
        ("REPLYTO_CALLBACK_SIGNING", "none"),
        ("REPLYTO_ENCRYPTION_KEY", "plain"),
        ("REPLYTO_CALLBACK_ALLOW_PRIVATE", "perhaps"),
    ],
)
def test_load_settings_names_the_wrong_variable_in_one_line(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(SettingsError) as error:
        load_settings()
    assert str(error.value).startswith(f"{name}: ")
    assert "\n" not in str(error.value)


def test_effective_redis_url_is_the_embedded_one_when_unset(tmp_path: Path) -> None:
    settings = load_settings()
    assert settings.effective_redis_url == "redis://127.0.0.1:6379/0"
    (tmp_path / "data" / "redis.url").write_text("redis://:secret@127.0.0.1:7000/0\n")
    assert settings.effective_redis_url == "redis://:secret@127.0.0.1:7000/0"
