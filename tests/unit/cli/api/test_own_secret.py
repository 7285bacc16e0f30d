"""Commands that check signatures use the secret that there is; they make none of their own."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.api.callbacks import callbacks

_REQUEST = "webhook-id: msg_7\nwebhook-timestamp: 1\nwebhook-signature: v1,AAAA\n\n{}"


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("REPLYTO_CALLBACK_SECRET", raising=False)
    monkeypatch.setenv("REPLYTO_DATA_DIR", str(tmp_path / "data"))


@pytest.mark.parametrize("command", [["listen", "--host", "nowhere.invalid"], ["verify"]])
def test_where_no_secret_is_the_command_says_so_and_makes_none(
    command: list[str], tmp_path: Path
) -> None:
    request = tmp_path / "request.txt"
    request.write_text(_REQUEST)
    given = ["--request", str(request)] if command == ["verify"] else []

    result = CliRunner().invoke(callbacks, [*command, *given])

    assert result.exit_code == 2
    assert "no signing secret: give --secret, set REPLYTO_CALLBACK_SECRET" in result.output
    assert not (tmp_path / "data").exists()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()
    (data / "callback_secret").write_text("not a secret")

    result = CliRunner().invoke(callbacks, ["listen", "--host", "nowhere.invalid"])

    assert result.exit_code == 2
    assert str(data / "callback_secret") in result.output.replace("\n", "")
