"""What a file or its disk does not let a command do is told in a line."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from cli import running
from cli.files import problem, read_text, write_whole
from cli.main import LazyGroup


def never() -> Iterator[bytes]:
    yield b"half"
    raise click.ClickException("broke off")


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file, link = tmp_path / "a", tmp_path / "link"
    link.symlink_to(file)
    write_whole(link, [b"one", b"two"])
    assert link.is_symlink()
    with pytest.raises(click.ClickException, match="broke off"):
        write_whole(file, never())
    assert file.read_bytes() == b"onetwo"
    assert sorted(tmp_path.iterdir()) == [file, link]


@pytest.mark.parametrize("name", ["no/a", ".", "/dev/full"])
def test_what_cannot_be_written_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(click.ClickException, match="cannot write"):
        write_whole(tmp_path / name, [b"x"])


def test_what_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"\xff")
    for name, why in (("a", "not UTF-8"), (".", "directory"), ("none", "No such file")):
        with pytest.raises(click.ClickException, match=why):
            read_text(tmp_path / name)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (PermissionError(errno.EACCES, "No permission", "/a\x1b"), "/a\\x1b: No permission"),
        (OSError(errno.ENOSPC, "No space left on device"), "No space left on device"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe"), None),
        (ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused"), None),
    ],
)
def test_a_problem_of_a_file_is_told_from_others(error: OSError, told: str | None) -> None:
    assert problem(error) == told


def test_no_command_shows_a_traceback_for_a_file(tmp_path: Path) -> None:
    opens = click.Command("x", callback=(tmp_path / "none").open)
    result = CliRunner().invoke(LazyGroup(commands={"x": opens}), ["x"])
    assert (result.exit_code, result.output.count("\n")) == (1, 1)
    assert "none: No such file" in result.output


def test_a_gateways_note_that_may_not_be_read_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    assert running.url_of(tmp_path) is None
