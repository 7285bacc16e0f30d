"""Backup and restore of one machine, by the commands of docs/deployment.md, as they stand there."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.acceptance.operation.test_replyto_up import Newcomer, api_key_in
from tests.acceptance.system.api import Api, chat
from tests.acceptance.system.receiver import CallbackReceiver

pytestmark = pytest.mark.acceptance

_PAGE = Path(__file__).parents[3] / "docs" / "deployment.md"


@pytest.fixture
def newcomer(tmp_path: Path) -> Iterator[Newcomer]:
    newcomer = Newcomer(tmp_path)
    # As the commands have it.
    newcomer.data_dir = tmp_path / ".data"
    newcomer.set("REPLYTO_DATA_DIR", str(newcomer.data_dir))
    yield newcomer
    newcomer.leave()


@pytest.fixture
def receiver() -> Iterator[CallbackReceiver]:
    receiver = CallbackReceiver()
    receiver.start()
    yield receiver
    receiver.stop()


def commands() -> list[str]:
    """Return the blocks of the section: a whole backup, one of what runs, the way back."""
    section = _PAGE.read_text("utf-8").partition("### Of one machine")[2].partition("\n### ")[0]
    return re.findall(r"```bash\n(.*?)```", section, re.DOTALL)


def paste(block: str, folder: Path) -> None:
    done = subprocess.run(
        ["bash", "-euc", block], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def answered(api: Api, receiver: CallbackReceiver, path: str) -> tuple[int, str]:
    """Queue a chat; return its id, and the `webhook-id` of its callback."""
    job = api.queue(chat("demo-instant"), replyTo=receiver.url(path))
    (callback,) = receiver.wait_for(path)
    return int(job["id"]), callback.headers["webhook-id"]


def test_backup_of_what_runs_is_restored_and_no_id_comes_twice(
    newcomer: Newcomer, receiver: CallbackReceiver, tmp_path: Path
) -> None:
    whole, running, back = commands()
    key = api_key_in(newcomer.up("first"))
    with newcomer.api(key) as api:
        before = answered(api, receiver, "/before")
        kept = api.until_ended(before[0])
        paste(running, tmp_path)
        after = answered(api, receiver, "/after")
    assert newcomer.ctrl_c("first") == 0
    paste(whole, tmp_path)
    assert (tmp_path / "replyto-backup.tgz").stat().st_size > 1000

    newcomer.data_dir.rename(tmp_path / "lost")
    paste(back, tmp_path)
    assert api_key_in(newcomer.up("second")) == key
    with newcomer.api(key) as api:
        assert api.status(before[0]) == kept
        again = answered(api, receiver, "/again")
    assert newcomer.ctrl_c("second") == 0

    assert again[0] > max(before[0], after[0])
    assert len({before[1], after[1], again[1]}) == 3
    # Each came once: what was called back before the backup is not called back again.
    assert [len(receiver.received(path)) for path in ("/before", "/after", "/again")] == [1, 1, 1]
    assert not (newcomer.data_dir / "redis" / "dump.rdb").exists()
