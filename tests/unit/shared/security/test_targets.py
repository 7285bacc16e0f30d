"""Which ReplyTo URLs are taken, and which addresses may be dialled."""

from __future__ import annotations

from ipaddress import ip_address
from typing import Any

import pytest

from shared.errors import CallbackTargetRefused
from shared.security.address_literal import address_literal
from shared.security.targets import TargetPolicy, parse_target
from tests.support.factories import new_settings
from tests.support.refused_targets import ALWAYS, MALFORMED, PRIVATE


def policy(**settings: Any) -> TargetPolicy:
    return new_settings(**{f"callback_{k}": v for k, v in settings.items()}).callback_targets


def table(rows: dict[str, str]) -> list[Any]:
    return [pytest.param(value, id=name) for name, value in rows.items()]


@pytest.mark.parametrize("host", table(PRIVATE))
def test_policy_refuses_private_host_unless_allowed(host: str) -> None:
    url = f"http://{host}/cb"
    with pytest.raises(CallbackTargetRefused, match="private address") as refused:
        policy().check(url)
    assert refused.value.field == "replyTo"
    policy(allow_private=True).check(url)


@pytest.mark.parametrize("host", table(ALWAYS))
def test_policy_refuses_special_address_also_when_private_ones_are_allowed(host: str) -> None:
    for allow_private in (False, True):
        with pytest.raises(CallbackTargetRefused, match="private address"):
            policy(allow_private=allow_private).check(f"http://{host}:8080/cb")


@pytest.mark.parametrize("url", table(MALFORMED))
def test_policy_refuses_url_also_when_private_ones_are_allowed(url: str) -> None:
    with pytest.raises(CallbackTargetRefused) as refused:
        policy(allow_private=True).check(url)
    assert refused.value.field == "replyTo"


@pytest.mark.parametrize(
    "url",
    [
        pytest.param("https://example.com/cb?job=1&x=a%20b", id="a name"),
        pytest.param("HTTPS://EXAMPLE.COM./cb", id="a name in capitals, with a dot"),
        pytest.param("https://bücher.example.com/cb", id="an international name"),
        pytest.param("https://my_app.example.com/cb", id="a name with an underscore"),
        pytest.param("http://93.184.216.34:8080/cb", id="a public IPv4 address"),
        pytest.param("https://[2606:2800:220:1::1]/cb", id="a public IPv6 address"),
        pytest.param("https://[::ffff:93.184.216.34]/cb", id="a mapped public address"),
        pytest.param("https://1.example.com/cb", id="a name that begins with a number"),
        pytest.param("https://local.example.com/cb", id="a name that has local in it"),
    ],
)
def test_policy_takes_public_url(url: str) -> None:
    policy().check(url)


@pytest.mark.parametrize(
    ("allow", "url"),
    [
        pytest.param("10.1.0.0/16", "http://10.1.2.3/cb", id="a network"),
        pytest.param("10.1.2.3", "http://10.1.2.3/cb", id="an address"),
        pytest.param("10.1.0.0/16", "http://[::ffff:10.1.2.3]/cb", id="a mapped address"),
        pytest.param("fd00::/8", "http://[fd00::7]/cb", id="an IPv6 network"),
        pytest.param("64:ff9b::/96", "http://[64:ff9b::808:808]/cb", id="NAT64"),
        pytest.param("app, other", "http://app:8000/cb", id="a name"),
        pytest.param("App.Internal", "http://app.internal./cb", id="a name, whatever its case"),
        pytest.param("*.corp", "http://a.b.corp/cb", id="all names under one"),
    ],
)
def test_policy_takes_what_the_operator_lists(allow: str, url: str) -> None:
    with pytest.raises(CallbackTargetRefused):
        policy().check(url)
    policy(allow=allow).check(url)


@pytest.mark.parametrize(
    "url",
    ["http://10.2.0.1/cb", "http://corp/cb", "http://evilapp/cb", "http://app.corp.local/cb"],
)
def test_policy_refuses_what_is_near_to_what_the_operator_lists(url: str) -> None:
    with pytest.raises(CallbackTargetRefused):
        policy(allow="10.1.0.0/16,app,*.corp").check(url)


def test_policy_trusts_every_address_of_a_listed_name_and_no_other() -> None:
    judge = policy(allow="app").check_address
    judge("app", ip_address("10.0.0.9"))
    with pytest.raises(CallbackTargetRefused):
        judge("app.example.com", ip_address("10.0.0.9"))
    judge("app.example.com", ip_address("93.184.216.34"))


def test_policy_refuses_other_ports_when_they_are_set() -> None:
    with pytest.raises(CallbackTargetRefused, match="port 8080"):
        policy(refused_ports="8080").check("http://example.com:8080/cb")
    policy(refused_ports="8080").check("http://example.com:25/cb")


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("callback_allow", "10.0.0.0/33"),
        ("callback_allow", "a b"),
        ("callback_refused_ports", "http"),
        ("callback_refused_ports", "70000"),
        ("callback_schedule", "5,soon"),
        ("callback_schedule", ""),
        ("callback_schedule", "-1"),
        ("callback_schedule", "inf"),
    ],
)
def test_settings_refuse_what_cannot_be_read(setting: str, value: str) -> None:
    with pytest.raises(ValueError, match=setting):
        new_settings(**{setting: value})


@pytest.mark.parametrize(
    ("url", "path"),
    [
        pytest.param("http://e.com", "/", id="nothing"),
        pytest.param("http://e.com?a=1", "/?a=1", id="a query only"),
        pytest.param("http://e.com/cb?", "/cb?", id="an empty query"),
        pytest.param("http://e.com/a/../b//c/./d", "/a/../b//c/./d", id="dots stay"),
        pytest.param(
            "http://e.com/%2fA%C3%bc?x=%20+'\"<>|", "/%2fA%C3%bc?x=%20+'\"<>|", id="as is"
        ),
        pytest.param("http://e.com/ü?ü=€", "/%C3%BC?%C3%BC=%E2%82%AC", id="what is not ASCII"),
        pytest.param("http://e.com/a;b=1?c#frag?x", "/a;b=1?c", id="without its fragment"),
    ],
)
def test_target_has_path_and_query_exactly_as_given(url: str, path: str) -> None:
    assert parse_target(url).path == path


def test_target_has_host_and_port() -> None:
    target = parse_target("https://BÜCHER.example/cb")
    assert (target.host, target.port) == ("xn--bcher-kva.example", 443)
    assert parse_target("http://[2606:2800:220:1::1]:81/").host == "2606:2800:220:1::1"


@pytest.mark.parametrize(
    "host", ["example.com", "1.2.3.4.5", "256.1.1.1", "1.2.3.999", "0x.example", "a", "08.1.1.1"]
)
def test_address_literal_leaves_names_alone(host: str) -> None:
    assert address_literal(host) is None
