"""TLS to providers: whom it trusts is read once for all connections, and again when it changed."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
import requests

from tests.acceptance.llms.tls_llm import TlsLlm
from tests.acceptance.system.certificates import Authority
from workers.deps import llm_session


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


@pytest.fixture
def llm(authority: Authority) -> Iterator[TlsLlm]:
    with TlsLlm(authority.context("server")) as llm:
        yield llm


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Return the files of authorities that are read from now on."""
    files: list[str | None] = []
    load = ssl.SSLContext.load_verify_locations

    def noted(self: ssl.SSLContext, cafile: Any = None, *rest: Any, **more: Any) -> None:
        files.append(str(cafile))
        load(self, cafile, *rest, **more)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noted)
    return files


def call(llm: TlsLlm, trusted: Path | bool = True, cert: Path | None = None) -> int:
    """Call it over a connection of its own."""
    with llm_session(10) as session:
        url = f"{llm.url}/chat/completions"
        mine = str(cert) if cert else None
        verify = trusted if isinstance(trusted, bool) else str(trusted)
        response = session.post(url, json={}, verify=verify, cert=mine, timeout=60)
        return response.status_code


def test_authorities_are_read_once_for_all_connections(
    llm: TlsLlm, authority: Authority, read: list[str | None]
) -> None:
    assert [call(llm, authority.file) for _ in range(5)] == [200] * 5
    assert read == [str(authority.file)]


def test_so_are_the_usual_ones(llm: TlsLlm, read: list[str | None]) -> None:
    for _ in range(3):
        with pytest.raises(requests.exceptions.SSLError, match="CERTIFICATE_VERIFY_FAILED"):
            call(llm)
    # Another test may have read them before.
    assert len(read) <= 1
    assert certifi.where() not in read[1:]


def test_file_that_has_changed_is_read_again(llm: TlsLlm, tmp_path: Path) -> None:
    trusted = tmp_path / "trusted.pem"
    (tmp_path / "other").mkdir()
    trusted.write_bytes(Authority(tmp_path / "other").file.read_bytes())
    with pytest.raises(requests.exceptions.SSLError):
        call(llm, trusted)
    trusted.write_bytes(Path(tmp_path / "authority.pem").read_bytes() + b"\n")
    assert call(llm, trusted) == 200


def test_who_trusts_one_authority_trusts_no_other_by_it(llm: TlsLlm, authority: Authority) -> None:
    assert call(llm, authority.file) == 200
    with pytest.raises(requests.exceptions.SSLError):
        call(llm)


def test_name_is_checked(authority: Authority) -> None:
    with (
        TlsLlm(authority.context("elsewhere", "10.9.8.7")) as llm,
        pytest.raises(requests.exceptions.SSLError, match="IP address mismatch"),
    ):
        call(llm, authority.file)


def test_certificate_of_one_is_shown_to_no_other(authority: Authority, tmp_path: Path) -> None:
    context = authority.context("server")
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_verify_locations(authority.file)
    authority.context("client")
    with TlsLlm(context) as llm:
        assert call(llm, authority.file, tmp_path / "client.pem") == 200
        assert call(llm, authority.file) == 200
        assert ["client" in shown for shown in llm.clients] == [True, False]


def test_file_that_is_gone_is_a_failed_connection(llm: TlsLlm, tmp_path: Path) -> None:
    with pytest.raises((requests.RequestException, OSError)):
        call(llm, tmp_path / "gone.pem")
