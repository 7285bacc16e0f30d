"""Which ReplyTo URLs are taken."""

from __future__ import annotations

import pytest

from shared.callback_target import check_target
from shared.errors import CallbackTargetRefused


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("http://127.0.0.1/cb", id="loopback"),
        pytest.param("http://127.1/cb", id="loopback, short"),
        pytest.param("http://2130706433/cb", id="loopback, one number"),
        pytest.param("http://0x7f.0.0.1/cb", id="loopback, hexadecimal"),
        pytest.param("http://0177.0.0.1/cb", id="loopback, octal"),
        pytest.param("http://0/cb", id="unspecified"),
        pytest.param("http://localhost/cb", id="localhost"),
        pytest.param("http://LOCALHOST./cb", id="localhost with a dot"),
        pytest.param("http://a.localhost/cb", id="a name under localhost"),
        pytest.param("http://[::1]/cb", id="IPv6 loopback"),
        pytest.param("http://[::ffff:127.0.0.1]/cb", id="mapped IPv4"),
        pytest.param("http://[fe80::1%25eth0]/cb", id="link-local with a zone"),
        pytest.param("http://10.1.2.3/cb", id="private 10/8"),
        pytest.param("http://192.168.0.1:8080/cb", id="private 192.168/16"),
        pytest.param("http://100.64.0.1/cb", id="carrier-grade NAT"),
        pytest.param("http://169.254.169.254/latest/meta-data", id="cloud metadata"),
        pytest.param("http://[fd00::1]/cb", id="unique local IPv6"),
        pytest.param("http://224.0.0.1/cb", id="multicast"),
    ],
)
def test_check_target_refuses_private_address_unless_allowed(url: str) -> None:
    with pytest.raises(CallbackTargetRefused, match="private address") as refused:
        check_target(url, allow_private=False)
    assert refused.value.field == "replyTo"
    check_target(url, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("ftp://example.com/cb", id="another scheme"),
        pytest.param("/cb", id="relative"),
        pytest.param("http:///cb", id="no host"),
        pytest.param("http://user:pass@example.com/cb", id="credentials"),
        pytest.param("http://example.com:99999/cb", id="impossible port"),
        pytest.param("http://[::1/cb", id="broken brackets"),
    ],
)
def test_check_target_refuses_url_also_when_private_is_allowed(url: str) -> None:
    with pytest.raises(CallbackTargetRefused):
        check_target(url, allow_private=True)


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://example.com/cb?job=1&x=a%20b", id="a name"),
        pytest.param("http://93.184.216.34:8080/cb", id="a public IPv4 address"),
        pytest.param("https://[2606:2800:220:1::1]/cb", id="a public IPv6 address"),
        pytest.param("https://1.example.com/cb", id="a name that begins with a number"),
    ],
)
def test_check_target_takes_public_url(url: str) -> None:
    check_target(url, allow_private=False)
