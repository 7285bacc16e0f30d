"""One TLS context for all connections that check the same, made anew when a file is renewed."""

from __future__ import annotations

import socket
import ssl
from pathlib import Path
from typing import Any

import pytest

from shared.store.address import read_address
from shared.store.connections import MasterTlsConnection, connection_class, connection_options
from shared.store.sentinels import Sentinels
from shared.store.tls import SharedTls
from tests.acceptance.system.certificates import Authority


def context_of(connection: Any) -> ssl.SSLContext:
    with socket.socket() as plain:
        wrapped: ssl.SSLSocket = connection._wrap_socket_with_ssl(plain)
        wrapped.close()
        return wrapped.context


def connection_to(url: str) -> Any:
    address = read_address(url)
    return connection_class(address)(**connection_options(address))


@pytest.fixture
def authority(tmp_path: Path) -> Path:
    return Authority(tmp_path).file


def test_connections_of_one_address_share_their_context(authority: Path) -> None:
    url = f"rediss://localhost/0?ssl_ca_certs={authority}"
    assert context_of(connection_to(url)) is context_of(connection_to(url))


def test_connections_that_check_otherwise_do_not(authority: Path) -> None:
    url = f"rediss://localhost/0?ssl_ca_certs={authority}"
    strict = context_of(connection_to(url))
    lax = context_of(connection_to(f"{url}&ssl_cert_reqs=none&ssl_min_version=1.3"))
    assert (strict.verify_mode, strict.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert (lax.verify_mode, lax.check_hostname) == (ssl.CERT_NONE, False)
    assert lax.minimum_version is ssl.TLSVersion.TLSv1_3
    assert context_of(connection_to(url)) is strict


def test_renewed_file_is_read_by_the_next_connection(authority: Path, tmp_path: Path) -> None:
    url = f"rediss://localhost/0?ssl_ca_certs={authority}"
    before = context_of(connection_to(url))
    (tmp_path / "next").mkdir()
    renewed = Authority(tmp_path / "next").file
    renewed.replace(authority)
    after = context_of(connection_to(url))
    assert after is not before
    assert after.get_ca_certs(binary_form=True) != before.get_ca_certs(binary_form=True)


def test_master_and_sentinels_share_too(authority: Path) -> None:
    url = f"sentinels://localhost:1/0?master_name=m&ssl_ca_certs={authority}"
    address = read_address(url)
    to_master = connection_to(url)
    assert isinstance(to_master, MasterTlsConnection)
    to_master.host = "localhost"
    (client,) = Sentinels(address)._sentinel.sentinels
    to_sentinel = client.connection_pool.make_connection()
    assert isinstance(to_sentinel, SharedTls)
    assert context_of(to_master) is context_of(to_sentinel)
