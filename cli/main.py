"""The `replyto` command: its subcommands, each imported only when it is asked for."""

from __future__ import annotations

import importlib
from typing import Any

import click

from cli.files import problem

#: Where each subcommand lives. `replyto --help` imports them all, a single command only its own.
COMMANDS: dict[str, str] = {
    "up": "cli.up.command:up",
    "work": "cli.work.command:work",
    "health": "cli.health:health",
    "chat": "cli.api.chat:chat",
    "queue": "cli.api.chat:queue",
    "batch": "cli.batch.command:batch",
    "jobs": "cli.api.jobs:jobs",
    "stats": "cli.api.stats:stats",
    "callbacks": "cli.api.callbacks:callbacks",
    "providers": "cli.api.providers:providers",
    "keys": "cli.api.keys:keys",
    "dtos": "cli.dtos:dtos",
    "demo-llm": "cli.demo.command:demo_llm",
}


class LazyGroup(click.Group):
    """A group whose commands are named by COMMANDS."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name the subcommands in the order in which help shows them."""
        return [*COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the subcommand's module; None when there is no such command."""
        if cmd_name not in COMMANDS:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = COMMANDS[cmd_name].partition(":")
        command = getattr(importlib.import_module(module), attribute)
        assert isinstance(command, click.Command)  # noqa: S101 - COMMANDS is ours
        return command

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command. What a file does not let it do is a line for the user."""
        try:
            return super().invoke(ctx)
        except OSError as exc:
            if (told := problem(exc)) is None:
                raise
            raise click.ClickException(told) from exc


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="replyto", prog_name="replyto")
def main() -> None:
    """ReplyTo: a self-hosted gateway between applications and large language models."""


if __name__ == "__main__":
    main()
