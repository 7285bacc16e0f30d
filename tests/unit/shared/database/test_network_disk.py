"""SQLite's file is refused on a disk that machines share."""

from __future__ import annotations

from pathlib import Path

import pytest

from shared.database import file_place
from shared.database.network_disk import network_file_system
from shared.settings import SettingsError, load_settings

TABLE = r"""21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
30 21 0:40 / /srv/nfs rw,relatime shared:7 - nfs4 files:/export rw,vers=4.2
31 30 8:2 / /srv/nfs/own rw - xfs /dev/sdb1 rw
32 21 0:41 / /mnt/two\040words rw - cifs //files/share rw
33 21 0:42 / /mnt/over rw - ext4 /dev/sdc1 rw
34 33 0:43 / /mnt/over rw - nfs files:/other rw
nonsense
"""


@pytest.fixture
def mounts(tmp_path: Path) -> Path:
    file = tmp_path / "mountinfo"
    file.write_text(TABLE)
    return file


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        pytest.param("/var/lib/replyto/history.db", "", id="this machine's disk"),
        pytest.param("/srv/nfs/a/b/history.db", "nfs4", id="NFS, folders not there yet"),
        pytest.param("/srv/nfs2/history.db", "", id="a name that only begins alike"),
        pytest.param("/srv/nfs/own/history.db", "", id="a local disk mounted within NFS"),
        pytest.param("/mnt/two words/history.db", "cifs", id="a place with a space"),
        pytest.param("/mnt/over/history.db", "nfs", id="the later of two at one place"),
        pytest.param("/var/../srv/nfs/history.db", "nfs4", id="a roundabout path"),
    ],
)
def test_file_system_of_a_network_is_told(mounts: Path, path: str, kind: str) -> None:
    assert network_file_system(Path(path), mounts) == kind


def test_nothing_is_told_where_there_is_no_table_of_mounts(tmp_path: Path) -> None:
    assert network_file_system(Path("/srv"), tmp_path / "none") == ""


@pytest.mark.parametrize("url", ["", "sqlite:////srv/nfs/history.db"])
def test_start_is_refused_in_one_line_that_names_the_cure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, url: str
) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REPLYTO_DATABASE_URL", url)
    monkeypatch.setattr(file_place, "network_file_system", lambda path: "nfs4")
    with pytest.raises(SettingsError, match=r"REPLYTO_DATABASE_URL: .*nfs4.*PostgreSQL") as told:
        load_settings()
    assert "\n" not in str(told.value)


def test_postgresql_is_never_asked_where_its_file_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("REPLYTO_DATABASE_URL", "postgresql://u@db/replyto")
    monkeypatch.setattr(file_place, "network_file_system", lambda path: "nfs4")
    assert load_settings().database_url == "postgresql://u@db/replyto"
