"""Where servers listen: what people write, what URLs need, what only this machine reaches."""

from __future__ import annotations

from ipaddress import IPv6Address

import pytest
from click.testing import CliRunner
from pydantic import ValidationError

from cli.api.gateway import own_url
from cli.api.jobs import jobs
from cli.api.receiver import Receiver
from shared.listen_address import base_url, is_loopback, listen_host, reachable_host, url_host
from tests.support.factories import new_settings


@pytest.mark.parametrize(
    ("written", "host"),
    [
        pytest.param("::", "::", id="every address"),
        pytest.param("[::1]", "::1", id="brackets"),
        pytest.param(" 127.0.0.1 ", "127.0.0.1", id="spaces around"),
        pytest.param("2001:DB8::0:1", "2001:db8::1", id="long IPv6"),
        # Pythons since 3.13 write its last part as IPv4.
        pytest.param("::ffff:127.0.0.1", str(IPv6Address("::ffff:127.0.0.1")), id="IPv4 as IPv6"),
        pytest.param("gateway.example.com", "gateway.example.com", id="a name"),
    ],
)
def test_host_is_taken_with_and_without_brackets(written: str, host: str) -> None:
    assert listen_host(written) == host
    assert new_settings(host=written).host == host


@pytest.mark.parametrize(
    "written",
    ["", " ", "localhost:5006", "[::1]:5006", "[localhost]", "[::1", "::g", "fe80::1%eth0", "a b"],
)
def test_host_that_is_none_is_one_clear_error(written: str) -> None:
    with pytest.raises(ValidationError) as raised:
        new_settings(host=written)
    (error,) = raised.value.errors()
    assert error["loc"] == ("host",)


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("::1", "[::1]"),
        ("[::1]", "[::1]"),
        ("127.0.0.1", "127.0.0.1"),
        ("fe80::1%eth0", "[fe80::1%25eth0]"),
        ("fe80::1%25eth0", "[fe80::1%25eth0]"),
        ("localhost", "localhost"),
    ],
)
def test_host_stands_in_a_url_as_urls_want_it(host: str, shown: str) -> None:
    assert url_host(host) == shown


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("[::1]", True),
        ("::ffff:127.0.0.1", True),
        ("localhost", True),
        ("::", False),
        ("0.0.0.0", False),
        ("::ffff:10.0.0.1", False),
        ("localhost.example.com", False),
    ],
)
def test_loopback_is_what_only_this_machine_reaches(host: str, expected: object) -> None:
    assert is_loopback(host) is expected


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("::", "http://[::1]:7"),
        ("[::1]", "http://[::1]:7"),
        ("0.0.0.0", "http://127.0.0.1:7"),
        ("example.com", "http://example.com:7"),
    ],
)
def test_commands_find_the_gateway_where_it_listens(host: str, url: str) -> None:
    settings = new_settings(host=host, port=7)
    assert own_url(settings) == url
    assert reachable_host(settings.host) in url


@pytest.mark.parametrize("text", ["http://[::1]:5006", "https://a.example/llm/", "http://h:80"])
def test_base_url_is_kept_but_for_its_last_slash(text: str) -> None:
    assert base_url(text) == new_settings(base_url=text).base_url == text.rstrip("/")


@pytest.mark.parametrize(
    "text",
    ["::1", "http://::1:5006", "ftp://h", "h:5006", "http://", "http://h?x=1", "http://[::1"],
)
def test_base_url_that_is_none_is_one_clear_error(text: str) -> None:
    with pytest.raises(ValidationError, match=r"must be a URL such as"):
        new_settings(base_url=text)


@pytest.mark.parametrize(
    ("url", "asked"),
    [
        ("[::1]:1", "http://[::1]:1"),
        ("::1", "http://[::1]"),
        ("127.0.0.1:1", "http://127.0.0.1:1"),
        ("http://[::1]:1/", "http://[::1]:1"),
    ],
)
def test_url_option_takes_an_address_as_people_type_it(url: str, asked: str) -> None:
    done = CliRunner().invoke(jobs, ["list", "--url", url, "--key", "ak-x"])
    assert f"no answer from {asked}:" in done.output


@pytest.mark.parametrize("host", ["::1", "[::1]", "::"])
def test_receiver_tells_a_url_with_brackets(host: str) -> None:
    with Receiver("whsec_" + "A" * 32, host) as receiver:
        assert receiver.url.startswith(("http://[::1]:", "http://[::]:"))
