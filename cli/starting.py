"""How commands that run ReplyTo begin: with their settings, or one line that says why not."""

from __future__ import annotations

import sys
from typing import NoReturn

from cli.console import Console
from shared.settings import Settings, SettingsError, load_settings

_WRONG_SETTING = 2


def settings_or_exit(command: str, console: Console) -> Settings:
    """Return the settings, their data directory made and with its whole path."""
    try:
        settings = load_settings()
        resolved = settings.data_dir.resolve()
        resolved.mkdir(mode=0o700, parents=True, exist_ok=True)
    except SettingsError as exc:
        fail(command, console, str(exc), _WRONG_SETTING)
    except OSError as exc:
        fail(command, console, f"REPLYTO_DATA_DIR: {exc}", _WRONG_SETTING)
    return settings.model_copy(update={"data_dir": resolved})


def fail(command: str, console: Console, message: str, status: int = 1) -> NoReturn:
    """Say why the command cannot go on, and end it."""
    console.say(f"{console.style(f'{command}:', fg='red', bold=True)} {message}")
    sys.exit(status)
