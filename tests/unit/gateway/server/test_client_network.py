"""One customer's IPv6 addresses are many, and one network."""

from __future__ import annotations

import pytest

from gateway.server.client_network import network_of


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
