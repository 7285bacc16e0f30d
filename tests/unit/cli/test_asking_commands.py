"""Commands that ask, show or stop something make nothing where they run: no secret, no folder."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

import click
import pytest
from click.testing import CliRunner

from cli.main import main

#: These run something, or are there to write a file.
_MAKE: Final = {"up", "work", "demo-llm", "batch run"}
#: What the others are given.
_ARGUMENTS: Final = {
    "prompt": "Hi.",
    "batch_id": "batch_7",
    "job": "7",
    "target": "http://127.0.0.1:1/",
    "name": "acme",
    "key_id": "7",
    "language": "python",
}
#: A port at which nobody listens.
_NOWHERE: Final = "127.0.0.1:1"
_ONE_PROVIDER: Final = """
[[provider]]
name = "acme"
base_url = "http://127.0.0.1:1/v1"
models = ["m"]
"""


def _commands(command: click.Command, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    if not isinstance(command, click.Group):
        yield path
        return
    context = click.Context(command)
    if command.invoke_without_command:
        yield path
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from _commands(found, (*path, name))


def _given(path: tuple[str, ...]) -> list[str]:
    command: click.Command = main
    for name in path:
        assert isinstance(command, click.Group)
        found = command.get_command(click.Context(command), name)
        assert found is not None
        command = found
    if path == ("callbacks", "listen"):
        return ["--host", "nowhere.invalid"]
    arguments = [one for one in command.params if isinstance(one, click.Argument)]
    return [_ARGUMENTS[one.name or ""] for one in arguments if one.required]


_ASKING: Final = [path for path in _commands(main) if " ".join(path) not in _MAKE]


@pytest.mark.parametrize("path", _ASKING, ids=" ".join)
@pytest.mark.parametrize("is_elsewhere", [False, True], ids=["here", "elsewhere"])
def test_nothing_is_made(
    path: tuple[str, ...], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_elsewhere: bool
) -> None:
    folder = tmp_path / "empty"
    folder.mkdir()
    (tmp_path / "providers.toml").write_text(_ONE_PROVIDER)
    monkeypatch.chdir(folder)
    host, _, port = _NOWHERE.partition(":")
    for name in ("DATA_DIR", "API_KEY", "AUTH_SECRET", "CALLBACK_SECRET", "BASE_URL"):
        monkeypatch.delenv(f"REPLYTO_{name}", raising=False)
    monkeypatch.setenv("REPLYTO_HOST", host)
    monkeypatch.setenv("REPLYTO_PORT", port)
    monkeypatch.setenv("REPLYTO_REDIS_URL", f"redis://{_NOWHERE}/0")
    if is_elsewhere:
        monkeypatch.setenv("REPLYTO_API_KEY", "ak-7")
        monkeypatch.setenv("REPLYTO_AUTH_SECRET", "ak-8")
        monkeypatch.setenv("REPLYTO_CALLBACK_SECRET", "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz")
        monkeypatch.setenv("REPLYTO_PROVIDERS_FILE", str(tmp_path / "providers.toml"))

    result = CliRunner().invoke(main, [*path, *_given(path)])

    assert result.exit_code in (1, 2), result.output
    assert isinstance(result.exception, SystemExit)
    assert list(folder.iterdir()) == []
