"""One customer's IPv6 addresses are many, and one network."""

from __future__ import annotations

import pytest
import redis
from pydantic import SecretStr

from gateway.auth.sessions import MOST_FAILURES
from gateway.server.client_network import network_of
from tests.support.factories import new_settings
from tests.support.gateway_client import API_KEY, build


@pytest.mark.parametrize(
    ("one", "other", "alike"),
    [
        pytest.param("192.0.2.1", "192.0.2.2", False, id="IPv4 addresses"),
        pytest.param("2001:db8::1", "2001:db8::ffff:2", True, id="IPv6 in one /64"),
        pytest.param("2001:db8::1", "2001:db8:0:1::1", False, id="IPv6 in two"),
        pytest.param("::ffff:192.0.2.1", "192.0.2.1", True, id="IPv4 as IPv6"),
        pytest.param("fe80::1%eth0", "fe80::2", True, id="with a zone"),
        pytest.param("not:an:address", "not:an:other", False, id="no addresses"),
    ],
)
def test_network_is_the_same_for_addresses_of_one_client(one: str, other: str, alike: bool) -> None:
    assert (network_of(one) == network_of(other)) is alike


def test_failed_sign_ins_are_counted_by_ipv6_network(fake_redis: redis.Redis) -> None:
    gateway = build(fake_redis, new_settings(api_key=SecretStr(API_KEY)))

    def sign_in(address: str) -> int:
        answer = gateway.client.post(
            "/session",
            json={"key": "ak-wrong"},
            environ_overrides={"REMOTE_ADDR": address},
        )
        return int(answer.status_code)

    told = [sign_in(f"2001:db8::{n:x}") for n in range(1, MOST_FAILURES + 2)]
    assert told == [401] * MOST_FAILURES + [429]
    assert sign_in("2001:db8:0:1::1") == 401
