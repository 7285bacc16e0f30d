"""The way out to a provider: proxies, who is trusted, our certificates; never a password."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from shared.egress.no_proxy import is_kept_from_proxies
from shared.egress.way_out import Egresses, EgressUnusable, egress_of
from shared.providers.provider import Provider
from shared.providers.registry_document import shown
from shared.security.masked_url import masked_url
from tests.acceptance.system.certificates import Authority


def provider(**fields: Any) -> Provider:
    told = {"name": "p", "base_url": "https://llm.example.com/v1", "models": ["m"]}
    return Provider.model_validate({**told, **fields})


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        pytest.param({}, None, id="nothing is said"),
        pytest.param({"HTTPS_PROXY": "http://proxy:1"}, "http://proxy:1", id="in capitals"),
        pytest.param({"https_proxy": "http://proxy:1"}, "http://proxy:1", id="in small letters"),
        pytest.param(
            {"https_proxy": "http://a:1", "HTTPS_PROXY": "http://b:1"}, "http://a:1", id="both"
        ),
        pytest.param({"https_proxy": "", "HTTPS_PROXY": "http://b:1"}, None, id="taken away"),
        pytest.param({"HTTP_PROXY": "http://proxy:1"}, None, id="of the other scheme"),
        pytest.param({"ALL_PROXY": "http://proxy:1"}, "http://proxy:1", id="for all"),
        pytest.param({"HTTPS_PROXY": "proxy:1"}, "http://proxy:1", id="without a scheme"),
        pytest.param(
            {"HTTPS_PROXY": "http://proxy:1", "NO_PROXY": "example.com"}, None, id="kept from it"
        ),
        pytest.param(
            {"HTTPS_PROXY": "http://proxy:1", "no_proxy": "other.com"}, "http://proxy:1", id="other"
        ),
    ],
)
def test_proxy_of_the_environment(environment: dict[str, str], expected: str | None) -> None:
    way = egress_of(provider(), "https://llm.example.com/v1", environment)
    assert way.options["proxies"].get("https") == expected


@pytest.mark.parametrize(
    ("proxy", "expected"),
    [
        pytest.param("direct", None, id="none at all"),
        pytest.param("http://own:2", "http://own:2", id="its own"),
        pytest.param("own:2", "http://own:2", id="its own without a scheme"),
        pytest.param("env:OWN_PROXY", "http://u:s3cret@named:3", id="in a variable"),
    ],
)
def test_provider_has_the_last_word_on_its_proxy(proxy: str, expected: str | None) -> None:
    environment = {
        "HTTPS_PROXY": "http://proxy:1",
        "NO_PROXY": "*",
        "OWN_PROXY": "http://u:s3cret@named:3",
    }
    way = egress_of(provider(proxy=proxy), "https://llm.example.com/v1", environment)
    assert way.options["proxies"].get("https") == expected
    assert "s3cret" not in repr(way)


@pytest.mark.parametrize(
    ("fields", "environment", "says"),
    [
        pytest.param({}, {"ALL_PROXY": "socks5://x:y@p:1"}, "ALL_PROXY: SOCKS", id="SOCKS"),
        pytest.param({"proxy": "env:GONE"}, {}, "'GONE'", id="a variable that is not set"),
        pytest.param({}, {"HTTPS_PROXY": "http://u:s3cret@:x"}, "HTTPS_PROXY", id="no URL"),
        pytest.param({"ca_file": "/not/there"}, {}, "ca_file", id="nobody to trust"),
        pytest.param({}, {"SSL_CERT_FILE": "/not/there"}, "SSL_CERT_FILE", id="nor there"),
        pytest.param({"client_cert": "/not/there"}, {}, "client_cert", id="no certificate"),
    ],
)
def test_way_that_cannot_be_used_says_which_and_no_secret(
    fields: dict[str, str], environment: dict[str, str], says: str
) -> None:
    with pytest.raises(EgressUnusable) as told:
        egress_of(provider(**fields), "https://llm.example.com/v1", environment)
    assert says in str(told.value)
    assert "s3cret" not in str(told.value)


def test_files_are_checked_before_they_are_used(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.context("client")
    pair = tmp_path / "client.pem"
    (junk := tmp_path / "junk.pem").write_text("junk")
    used = egress_of(provider(ca_file=str(authority.file), client_cert=str(pair)), "https://x", {})
    assert used.options == {"verify": str(authority.file), "cert": str(pair), "proxies": {}}
    split = provider(client_cert=[str(pair), str(pair)])
    assert egress_of(split, "https://x", {}).options["cert"] == (str(pair), str(pair))
    for fields in ({"ca_file": str(junk)}, {"client_cert": str(junk)}):
        with pytest.raises(EgressUnusable):
            egress_of(provider(**fields), "https://x", {})


def test_trust_of_the_environment_in_its_order(tmp_path: Path) -> None:
    file = str(Authority(tmp_path).file)
    assert egress_of(provider(), "https://x", {"SSL_CERT_FILE": file}).options["verify"] == file
    both = {"SSL_CERT_FILE": "/not/there", "REQUESTS_CA_BUNDLE": file}
    assert egress_of(provider(), "https://x", both).options["verify"] == file
    folder = {"SSL_CERT_DIR": str(tmp_path)}
    assert egress_of(provider(), "https://x", folder).options["verify"] == str(tmp_path)


def test_way_is_found_once_for_each_provider() -> None:
    environment = {"HTTPS_PROXY": "http://a:1"}
    egresses, one = Egresses(environment), provider()
    first = egresses.of(one)
    environment["HTTPS_PROXY"] = "http://b:1"
    assert egresses.of(one) is first
    assert egresses.of(one.model_copy()).options["proxies"]["https"] == "http://b:1"


@pytest.mark.parametrize(
    "proxy",
    [
        *(
            "socks5://h:1",
            "socks5h://h:1",
            "ftp://h:1",
            "http://",
            "http://h:99999",
            "http://h/path",
        ),
        *("http://169.254.169.254\\@h:1", "http://a b@h:1", "http://h\t:1", "http://h:1\r\n"),
    ],
)
def test_proxy_that_is_none_is_refused(proxy: str) -> None:
    with pytest.raises(ValidationError, match="proxy"):
        provider(proxy=proxy)


def test_key_needs_its_certificate() -> None:
    with pytest.raises(ValidationError, match="client_key"):
        provider(client_key="/a.key")


def test_preset_of_this_machine_is_asked_directly_unless_it_is_elsewhere() -> None:
    told = {"preset": "ollama", "models": ["m"]}
    assert Provider.model_validate(told).proxy == "direct"
    elsewhere = Provider.model_validate({**told, "base_url": "http://gpu.example.com:11434"})
    assert elsewhere.proxy is None


@pytest.mark.parametrize(
    ("host", "port", "entries", "kept"),
    [
        pytest.param("a.example.com", 443, "example.com", True, id="under a name"),
        pytest.param("example.com", 443, ".example.com", True, id="a dot before it"),
        pytest.param("a.example.com", 443, "*.example.com", True, id="a star before it"),
        pytest.param("badexample.com", 443, "example.com", False, id="another name's end"),
        pytest.param("A.Example.Com.", 443, "example.COM", True, id="in any casing"),
        pytest.param("example.com", 443, "example.com:443", True, id="with its port"),
        pytest.param("example.com", 80, "example.com:443", False, id="with another port"),
        pytest.param("10.1.2.3", 80, "10.0.0.0/8", True, id="a network"),
        pytest.param("11.1.2.3", 80, "10.0.0.0/8", False, id="another network"),
        pytest.param("127.0.0.1", 8000, "127.0.0.1:8000", True, id="an address with its port"),
        pytest.param("::1", 80, "::1", True, id="IPv6"),
        pytest.param("::1", 80, "[::1]:80", True, id="IPv6 with its port"),
        pytest.param("fd00::7", 80, "fd00::/8", True, id="a network of IPv6"),
        pytest.param("10.1.2.3", 80, "10.*", True, id="a pattern"),
        pytest.param("110.1.2.3", 80, "10.*", False, id="a pattern, at its beginning"),
        pytest.param("10.1.2.3", 81, "10.*:80", False, id="a pattern with another port"),
        pytest.param("192.168.7.9", 80, "192.168.*.9", True, id="a pattern in the middle"),
        pytest.param("llm-7.corp", 80, "llm-*.corp", True, id="a pattern of names"),
        pytest.param("[::ffff:10.1.2.3]", 80, "10.0.0.0/8", True, id="IPv4 as IPv6"),
        pytest.param("::ffff:a01:203", 80, "10.1.2.3", True, id="IPv4 as IPv6 in hexadecimals"),
        pytest.param("::ffff:10.1.2.3", 80, "10.*", True, id="IPv4 as IPv6, a pattern"),
        pytest.param("10.1.2.3", 80, "::ffff:10.0.0.0/104", True, id="a network of IPv4 as IPv6"),
        pytest.param("10.1.2.3", 80, "[::ffff:10.1.2.3]:80", True, id="IPv4 as IPv6 is kept"),
        pytest.param("11.1.2.3", 80, "::ffff:10.0.0.0/104", False, id="another as IPv6"),
        pytest.param("anything", 80, "*", True, id="all"),
        pytest.param("b.com", 80, "a.com, b.com", True, id="one of many"),
        pytest.param("b.com", 80, "", False, id="nothing"),
        pytest.param("b.com", 80, " , .,", False, id="nothing in many words"),
    ],
)
def test_no_proxy(host: str, port: int, entries: str, kept: bool) -> None:
    assert is_kept_from_proxies(host, port, entries) is kept


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("http://h:1/v1", "http://h:1/v1"),
        ("http://u:p@h:1/v1", "http://***@h:1/v1"),
        ("http://token@h/v1", "http://***@h/v1"),
        ("redis://h:1/0?password=p&timeout=3", "redis://h:1/0?password=***&timeout=3"),
        ("postgresql:///db?host=h&p%61ssword=p", "postgresql:///db?host=h&p%61ssword=***"),
        ("redis://:a/b@h:1/0", "redis://***@h:1/0"),
        ("redis://:a?b#c@h:1/0", "redis://***@h:1/0"),
        ("https://h/v1?api-key=x&api-version=1#token=y", "https://h/v1?api-key=***&api-version=1#token=***"),
        ("http://h/a@b", "http://h/a@b"),
        ("http://[::1]:8/a@b", "http://[::1]:8/a@b"),
        ("direct", "direct"),
    ],
)  # fmt: skip
def test_masked_url(url: str, expected: str) -> None:
    assert masked_url(url) == expected


def test_url_is_masked_wherever_a_provider_is_shown() -> None:
    one = provider(base_url="https://u:s3cret@llm.example.com/v1", proxy="http://u:s3cret@p:1")
    assert "s3cret" not in f"{one.shown_url} {one.shown_proxy}"
    for name in ("base_url", "heartbeat_url", "proxy"):
        assert shown(name, "http://u:s3cret@p:1") == "http://***@p:1"
