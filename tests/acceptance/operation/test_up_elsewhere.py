"""`replyto up` on machines and in folders that are not as those of its authors."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.acceptance.operation.test_replyto_up import Newcomer, api_key_in
from tests.acceptance.system.polling import until

pytestmark = pytest.mark.acceptance


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder with packages of a project that has the same names as ours."""
    for name in ("shared", "workers", "gateway", "cli"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(f"raise SystemExit('not our {name}')")
    return tmp_path


@pytest.fixture
def newcomer(folder: Path) -> Iterator[Newcomer]:
    newcomer = Newcomer(folder)
    yield newcomer
    newcomer.leave()


def test_up_listens_on_ipv6_beside_packages_of_its_names_and_outlives_hang_ups(
    newcomer: Newcomer,
) -> None:
    newcomer.set("REPLYTO_HOST", "[::1]")
    banner = newcomer.up("up")
    url = f"http://[::1]:{newcomer.port}"
    assert f"URL           {url}\n" in banner
    key = api_key_in(banner)
    before = newcomer.pids()

    for name in before.keys() - {"redis", "demo-llm"}:
        newcomer.signal(name, signal.SIGHUP)
    for name in ("chat1", "completion", "callbacks"):
        until(lambda name=name: _said(newcomer, name), f"{name} tells of the signal")

    answer = requests.post(
        f"{url}/v1/chat/completions",
        headers={"Authorization": f"Bearer {key}"},
        json={"model": "demo", "messages": [{"role": "user", "content": "still there?"}]},
        timeout=60,
    )
    assert answer.status_code == 200, answer.text
    assert newcomer.pids() == before
    assert newcomer.ctrl_c("up") == 0


def _said(newcomer: Newcomer, name: str) -> bool:
    lines = newcomer.shown("up").splitlines()
    return any(line.startswith(name) and "SIGHUP" in line for line in lines)
