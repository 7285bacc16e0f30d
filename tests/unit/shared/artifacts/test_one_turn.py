"""A file whose bytes are all there takes one turn of a thread, and not one for each step."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path


def test_under_gevent_what_is_there_is_kept_in_one_turn(tmp_path: Path) -> None:
    script = """if True:
        from gevent import monkey
        monkey.patch_all()
        import sys
        from gevent.threadpool import ThreadPool
        from shared.artifacts.artifacts import Artifacts
        from shared.database.database import Database
        from tests.support.factories import new_settings
        turns = []
        spawn = ThreadPool.spawn
        ThreadPool.spawn = lambda self, *work: turns.append(1) or spawn(self, *work)
        database = Database(f"sqlite:///{sys.argv[1]}/history.db")
        database.migrate()
        artifacts = Artifacts(database, new_settings(artifacts=f"{sys.argv[1]}/files"))
        turns.clear()
        about = {"owner": "a", "name": "n", "purpose": "output"}
        made = artifacts.receive([b"abc" * 100_000], **about)
        assert len(turns) == 1, turns
        assert b"".join(artifacts.read(made)) == b"abc" * 100_000
        try:
            artifacts.receive([b"abc"], **about, most_bytes=2)
        except Exception as error:
            print(type(error).__name__)
    """
    command = [sys.executable, "-c", script, str(tmp_path)]
    told = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert told.stdout == "ArtifactTooLarge\n", told.stderr
