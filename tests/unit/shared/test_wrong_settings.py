"""Whatever a setting is given: it is taken in bounds, or one line names it and the cure."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import certifi
import pytest
from pydantic import SecretStr, ValidationError

from cli.up.detection import is_configured
from shared.database.url import parse_url
from shared.files_address import read_files_address
from shared.setting_forms import LONGEST_S, MOST, form_of
from shared.settings import (
    OWN_PREFIX,
    Settings,
    SettingsError,
    first_wrong,
    load_settings,
    mistyped_variables,
    read_providers_toml,
    wrong_ones,
)
from shared.store.address import read_address

#: Numbers that are none, units that nobody reads, other alphabets' digits, bytes that are no text.
_NONSENSE = (
    *("", " ", "-1", "-0.5", "nan", "NaN", "inf", "-inf", "1e999", "1e308", "9" * 400),
    *("99999999999999999999", "٣", "1٣", "7x", "5s", "10MB", "1,5", "0x10", "null", "[]", "{}"),
    *("[1", "tru", "-", "a\tb", "\udcff", "'5'", "…", "1" + "\u00a0" + "000"),
)
_NUMBERS = {
    name: field
    for name, field in Settings.model_fields.items()
    if any(kind in str(field.annotation) for kind in ("int", "float", "bool"))
}


@pytest.fixture(autouse=True)
def _nothing_else_is_set(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in Settings.model_fields:
        monkeypatch.delenv(f"{OWN_PREFIX}{name.upper()}", raising=False)
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)


def told(monkeypatch: pytest.MonkeyPatch, values: dict[str, str]) -> dict[str, str]:
    """Return the lines about wrong values, by setting."""
    for name, value in values.items():
        monkeypatch.setenv(f"{OWN_PREFIX}{name.upper()}", value)
    with pytest.raises(ValidationError) as raised:
        Settings()
    lines = wrong_ones(raised.value)
    assert first_wrong(raised.value) == lines[0]
    return {line.partition(":")[0].removeprefix(OWN_PREFIX).lower(): line for line in lines}


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("REPLYTO_PROT", "REPLYTO_PORT"),
        ("REPLYTO_REDIS_ULR", "REPLYTO_REDIS_URL"),
        ("REPLYTO_DATABASE", "REPLYTO_DATABASE_URL"),
        ("REPLYTO_APIKEY", "REPLYTO_API_KEY"),
        # What Kubernetes makes for a service of our name, and what is somebody's own.
        ("REPLYTO_SERVICE_HOST", None),
        ("REPLYTO_PORT_5006_TCP", None),
        ("REPLYTO_MY_OWN", None),
        ("PROT", None),
        ("REPLYTO_PORT", None),
    ],
)
def test_mistyped_variable_is_told_with_the_one_that_was_meant(
    name: str, meant: str | None
) -> None:
    told = [f"{name} is no setting; did you mean {meant}?"] if meant else []
    assert mistyped_variables([name, "PATH"]) == told


def test_text_with_a_pattern_says_in_words_what_it_must_be() -> None:
    fields = Settings.model_fields.values()
    patterned = [f for f in fields if any(getattr(m, "pattern", None) for m in f.metadata)]
    assert patterned
    assert [f for f in patterned if "UTF-8" in form_of(f)] == []


@pytest.mark.parametrize("value", _NONSENSE)
def test_nonsense_is_taken_or_told_in_one_line(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    lines = told(monkeypatch, dict.fromkeys(Settings.model_fields, value))
    assert lines.keys() >= _NUMBERS.keys()
    assert lines.keys() <= Settings.model_fields.keys()
    for name, line in lines.items():
        assert line.isprintable(), name
        assert len(line) < 300, name
        assert "Input should" not in line, name
    for name in _NUMBERS:
        assert "; without it: " in lines[name]


@pytest.mark.parametrize(
    ("name", "value", "line"),
    [
        (
            "port",
            "70000",
            "REPLYTO_PORT: must be a whole number, at least 1 and at most 65535; without it: 5006",
        ),
        (
            "interactive_share",
            "1",
            "REPLYTO_INTERACTIVE_SHARE: must be a number, at least 0 and below 1; without it: 0.2",
        ),
        (
            "currency",
            "euro",
            "REPLYTO_CURRENCY: must be three capital letters of ISO 4217, such as EUR; without it:",
        ),
        ("access_log", "maybe", "REPLYTO_ACCESS_LOG: must be true or false; without it: false"),
        (
            "log_format",
            "xml",
            "REPLYTO_LOG_FORMAT: must be one of text, json; without it: text",
        ),
        (
            "embedded_redis_bytes",
            "2GB",
            f"REPLYTO_EMBEDDED_REDIS_BYTES: must be a whole number, at least 1 and at most {MOST};",
        ),
        (
            "tick_s",
            "0",
            "REPLYTO_TICK_S: must be a number, above 0 and at most 1000000000; without it: 1",
        ),
        ("cors_origins", "[", "REPLYTO_CORS_ORIGINS: must be origins, comma-separated"),
        ("callback_refused_ports", "٣", "REPLYTO_CALLBACK_REFUSED_PORTS: '٣' is no port"),
        ("callback_schedule", "5,inf", "REPLYTO_CALLBACK_SCHEDULE: must be seconds, separated by"),
        ("callback_schedule", "1e10", "REPLYTO_CALLBACK_SCHEDULE: must be seconds, separated by"),
        ("host", "a" * 64, "REPLYTO_HOST: must be an address or a host's name"),
        ("host", "[::1]:5006", "REPLYTO_HOST: must be an address or a host's name alone"),
        ("host", "127.0.0.1:5006", "REPLYTO_HOST: must be an address or a host's name alone"),
        ("api_key", "schlüssel", "REPLYTO_API_KEY: must be visible ASCII characters"),
        ("auth_secret", "two\nlines", "REPLYTO_AUTH_SECRET: must be visible ASCII characters"),
        ("api_key", '"ak-1"', "REPLYTO_API_KEY: is in quotes, "),
        ("data_dir", '"/data"', "REPLYTO_DATA_DIR: is in quotes, "),
        ("providers_file", "'/etc/providers.toml'\r", "REPLYTO_PROVIDERS_FILE: is in quotes, "),
        ("lease_s", "5", "REPLYTO_LEASE_RENEW_S: must be below REPLYTO_LEASE_S, which is 5"),
        ("data_dir", "~nobody-of-here/x", "REPLYTO_DATA_DIR: '~nobody-of-here/x' begins with ~"),
        ("database_url", "sqlite:///~nobody-of-here/x", "REPLYTO_DATABASE_URL: '~nobody-of"),
        ("providers_file", "gone.toml", "REPLYTO_PROVIDERS_FILE: cannot read gone.toml (No such"),
        ("providers_file", "providers.toml", "REPLYTO_PROVIDERS_FILE: cannot read providers.toml"),
        ("providers_file", "~", "REPLYTO_PROVIDERS_FILE: "),
        ("providers_file", ".", "REPLYTO_PROVIDERS_FILE: . is a folder (Docker makes one"),
        ("certificates_dir", "gone", "REPLYTO_CERTIFICATES_DIR: cannot read gone (No such file"),
        ("certificates_dir", "empty.toml", "REPLYTO_CERTIFICATES_DIR: cannot read empty.toml (Not"),
        ("providers_file", "empty.toml", "REPLYTO_PROVIDERS_FILE: empty.toml is empty"),
        ("providers_file", "pipe", "REPLYTO_PROVIDERS_FILE: pipe is a pipe"),
    ],
)
def test_line_names_the_setting_and_the_cure(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, line: str
) -> None:
    Path("empty.toml").write_bytes(b"\xef\xbb\xbf\r\n")
    os.mkfifo("pipe")
    monkeypatch.setenv(f"{OWN_PREFIX}{name.upper()}", value)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    assert str(raised.value).startswith(line)


@pytest.mark.parametrize("name", ["api_key", "auth_secret", "callback_secret", "encryption_key"])
def test_line_about_a_wrong_secret_does_not_show_it(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    line = told(monkeypatch, {name: "hidden-ü-hidden"})[name]
    assert "hidden" not in line


@pytest.mark.parametrize("name", ["data_dir", "providers_file", "certificates_dir"])
def test_empty_path_is_as_if_it_were_not_set(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(f"{OWN_PREFIX}{name.upper()}", "  ")
    assert getattr(load_settings(), name) == Settings.model_fields[name].default


def test_default_path_may_be_missing_and_what_is_there_is_taken(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert not load_settings().providers_file.exists()
    (tmp_path / "mine.toml").write_text("# Prices only.\n")
    monkeypatch.setenv("REPLYTO_PROVIDERS_FILE", "mine.toml")
    monkeypatch.setenv("REPLYTO_CERTIFICATES_DIR", str(tmp_path))
    assert load_settings().providers_file == Path("mine.toml")


def test_tilde_is_the_home_in_every_path(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    home = tmp_path / "home"
    (home / "certs").mkdir(parents=True)
    (home / "p.toml").write_text("# Prices only.\n")
    monkeypatch.setenv("HOME", str(home))
    for name, value in (
        ("DATA_DIR", " ~/data"),
        ("PROVIDERS_FILE", "~/p.toml"),
        ("CERTIFICATES_DIR", "~/certs"),
        ("ARTIFACTS", "~/files"),
        ("DATABASE_URL", "sqlite:///~/history.db"),
    ):
        monkeypatch.setenv(f"REPLYTO_{name}", value)
    settings = load_settings()
    assert settings.data_dir == home / "data"
    assert (home / "data" / "api_key").exists()
    assert (settings.providers_file, settings.certificates_dir) == (home / "p.toml", home / "certs")
    assert read_files_address(settings.artifacts) == home / "files"
    assert parse_url(settings.effective_database_url).path == str(home / "history.db")
    redis_url = "rediss://h/0?ssl_ca_certs=~/ca.pem"
    (home / "ca.pem").write_bytes(Path(certifi.where()).read_bytes())
    assert dict(read_address(redis_url).tls) == {"ssl_ca_certs": str(home / "ca.pem")}
    assert not list(tmp_path.glob("~*"))
    monkeypatch.setenv("REPLYTO_DATA_DIR", "./~/data")
    assert load_settings().data_dir == Path("~/data")


def test_blanks_around_a_value_are_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in (("API_KEY", " ak-1\n"), ("PORT", " 7\n"), ("REDIS_URL", "redis://h\n")):
        monkeypatch.setenv(f"REPLYTO_{name}", value)
    for name, value in (("ACCESS_LOG", "true"), ("NO_PROVIDER", "refuse"), ("CURRENCY", "EUR")):
        monkeypatch.setenv(f"REPLYTO_{name}", f"{value}\r")
    settings = load_settings()
    assert settings.api_key == SecretStr("ak-1")
    assert (settings.port, settings.redis_url) == (7, "redis://h")
    assert (settings.access_log, settings.no_provider) == (True, "refuse")
    assert settings.currency == "EUR"


def test_byte_order_mark_is_no_part_of_a_file(tmp_path: Path) -> None:
    load_settings()
    (tmp_path / "data" / "auth_secret").write_bytes(b"\xef\xbb\xbfa-secret\r\n")
    assert load_settings().auth_secret == SecretStr("a-secret")
    providers = tmp_path / "providers.toml"
    providers.write_bytes(b"\xef\xbb\xbf[price.m]\r\ninput = 1\r\n")
    assert read_providers_toml(providers) == {"price": {"m": {"input": 1}}}
    assert is_configured(providers, required=True)


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff\xfe\x00secret"])
@pytest.mark.parametrize(
    "name", ["api_key", "auth_secret", "callback_secret", "callback_private_keys", "encryption_key"]
)
def test_damaged_file_of_a_secret_is_named(tmp_path: Path, name: str, content: bytes) -> None:
    load_settings()
    (tmp_path / "data" / name).write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        load_settings()
    line = str(raised.value)
    assert line.startswith(f"REPLYTO_DATA_DIR: the file {tmp_path / 'data' / name} is damaged")
    assert f"REPLYTO_{name.upper()}" in line
    assert "secret\ufffd" not in line


def test_longest_and_most_are_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REPLYTO_RESULT_TTL_S", f"{LONGEST_S:.0f}")
    monkeypatch.setenv("REPLYTO_QUEUE_LIMIT", str(MOST))
    settings: Any = load_settings()
    assert (settings.result_ttl_s, settings.queue_limit) == (LONGEST_S, MOST)
