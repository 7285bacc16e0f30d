"""Every documented form of a Redis URL is read the same by all, and a wrong one explained."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.settings import SettingsError, load_settings
from shared.store.address import RedisAddress, read_address
from tests.acceptance.system.certificates import Authority


def error_of(text: str) -> str:
    try:
        return str(read_address(text).shown and "")
    except ValueError as exc:
        return str(exc)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("redis://", RedisAddress((("127.0.0.1", 6379),)), id="nothing but a scheme"),
        pytest.param(" redis://db\n", RedisAddress((("db", 6379),)), id="blanks around"),
        pytest.param("redis://db:1/3", RedisAddress((("db", 1),), db=3), id="port and database"),
        pytest.param("redis://db/3/", RedisAddress((("db", 6379),), db=3), id="a slash at its end"),
        pytest.param("valkey://db?db=4", RedisAddress((("db", 6379),), db=4), id="db as option"),
        pytest.param(
            "redis://me:pw@[::1]:7/0",
            RedisAddress((("::1", 7),), username="me", password="pw"),
            id="IPv6 and a user",
        ),
        pytest.param(
            "redis://:p@ss/w?o#r:d%@db/2",
            RedisAddress((("db", 6379),), db=2, password="p@ss/w?o#r:d%"),
            id="a password as it is",
        ),
        pytest.param(
            "redis://db/1?username=me&password=a%26b+c",
            RedisAddress((("db", 6379),), db=1, username="me", password="a&b+c"),
            id="user and password as options",
        ),
        pytest.param(
            "rediss://db?ssl_cert_reqs=CERT_NONE",
            RedisAddress(
                (("db", 6379),),
                is_tls=True,
                tls=(("ssl_cert_reqs", "none"), ("ssl_check_hostname", False)),
            ),
            id="Celery's word for no certificate",
        ),
        pytest.param(
            "valkeys://db?ssl_cert_reqs=optional&ssl_check_hostname=no&ssl_min_version=TLSv1.3",
            RedisAddress(
                (("db", 6379),),
                is_tls=True,
                tls=(
                    ("ssl_cert_reqs", "optional"),
                    ("ssl_check_hostname", False),
                    ("ssl_min_version", 772),
                ),
            ),
            id="options of TLS",
        ),
        pytest.param(
            "unix://me:pw@/run/a@b.sock?db=3",
            RedisAddress(path="/run/a@b.sock", db=3, username="me", password="pw"),
            id="a socket file",
        ),
        pytest.param(
            "redis+socket:///run/r.sock?virtual_host=2",
            RedisAddress(path="/run/r.sock", db=2),
            id="Celery's form of it",
        ),
        pytest.param(
            "sentinel://:pw@a:1,b,[::1]:3/2?master_name=m&sentinel_username=s&sentinel_password=a@b",
            RedisAddress(
                (("a", 1), ("b", 26379), ("::1", 3)),
                db=2,
                password="pw",
                master_name="m",
                sentinel_username="s",
                sentinel_password="a@b",
            ),
            id="Sentinels",
        ),
        pytest.param(
            "sentinel://a;sentinel://b:2?master_name=m&ssl=true",
            RedisAddress((("a", 26379), ("b", 2)), master_name="m", is_tls=True),
            id="Sentinels as Celery writes them, over TLS",
        ),
        pytest.param(
            "redis://db?socket_timeout=1.5&protocol=2&retry_on_timeout=true",
            RedisAddress((("db", 6379),), options=(("protocol", 2), ("socket_timeout", 1.5))),
            id="options of the connection",
        ),
    ],
)
def test_url_is_read(text: str, expected: RedisAddress) -> None:
    assert read_address(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("http://db", "must begin with redis://"),
        ("db:6379", "must begin with redis://"),
        ("redis://::1/0", "needs brackets"),
        ("redis://db:x", "host that cannot be read"),
        ("redis://db:99999", "1 to 65535"),
        ("redis://db/x", "percent-encoded"),
        ("redis://a,b", "sentinel:// alone"),
        ("redis://db?foo=1", "option 'foo'"),
        ("redis://db?db=x", "db must be a whole number"),
        ("redis://db/2147483648", "db must be at most 2147483647"),
        ("redis://db?max_connections=0", "max_connections must be at least 1"),
        ("redis://db?protocol=4", "protocol must be 2 or 3"),
        ("redis://db?socket_timeout=0", "socket_timeout must be seconds"),
        ("redis://:%FF@db", "not UTF-8"),
        ("redis://db?ssl_cert_reqs=none", "rediss://"),
        ("rediss://db?ssl_cert_reqs=maybe", "none, optional or required"),
        ("rediss://db?ssl_check_hostname=maybe", "true or false"),
        ("rediss://db?ssl_ca_certs=/no/such.pem", "cannot read /no/such.pem"),
        ("rediss://db?ssl_keyfile=/dev/null", "needs ssl_certfile"),
        ("rediss://db?ssl_ca_certs=/dev/null", "no certificates"),
        ("rediss://db?ssl_certfile=/dev/null", "no certificate with its key"),
        ("rediss://db?ssl_ciphers=nonsense", "names no cipher"),
        ("sentinel://db", "master_name"),
        ("redis://db?master_name=m", "master_name"),
        ("unix://run/redis.sock", "unix:///path"),
        ("unix:///run/redis.sock?ssl_cert_reqs=none", "neither TLS"),
    ],
)
def test_url_that_cannot_be_read_is_refused_with_its_cure(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said.replace("?", r"\?")):
        read_address(text)


@given(password=st.text(min_size=1).filter(lambda text: "\ud800" not in text))
def test_percent_encoded_password_may_be_any(password: str) -> None:
    try:
        encoded = quote(password, safe="")
    except UnicodeEncodeError:
        return
    assert read_address(f"redis://:{encoded}@db:1/2").password == password
    address = read_address(f"unix://u:{encoded}@/run/x")
    assert (address.password, address.path) == (password, "/run/x")


@given(rest=st.text(alphabet="se:/?#@[],;=&%. 1", max_size=30))
def test_no_error_shows_a_part_of_the_password(rest: str) -> None:
    said = [error_of(f"{scheme}://user:hunter2{rest}hunter2") for scheme in ("redis", "unix")]
    assert not any("hunter2" in text for text in said)


def test_secrets_are_not_in_what_is_shown() -> None:
    text = "sentinel://u:hunter2@a,[::1]:1/2?master_name=m&sentinel_password=hunter2&ssl=1"
    address = read_address(text)
    assert "hunter2" not in repr(address)
    assert address.shown == "sentinels://a:26379,[::1]:1/2?master_name=m"


def test_certificate_and_key_in_one_file_are_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.context("client")
    url = f"rediss://db?ssl_ca_certs={authority.file}&ssl_certfile={tmp_path / 'client.pem'}"
    assert read_address(url).is_tls


def test_wrong_setting_is_named_without_its_value(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REPLYTO_REDIS_URL", "redis://:hunter2@db:port/0")
    with pytest.raises(SettingsError, match=r"^REPLYTO_REDIS_URL: [^\n]*$") as raised:
        load_settings()
    assert "hunter2" not in str(raised.value)


def test_file_that_holds_no_url_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    monkeypatch.delenv("REPLYTO_REDIS_URL", raising=False)
    (tmp_path / "redis.url").write_text("nonsense")
    with pytest.raises(SettingsError, match=r"redis\.url: must begin with redis://"):
        load_settings()
