"""A ReplyTo whose providers speak other dialects than OpenAI's, with the servers that they call."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from tests.acceptance.llms.fake_anthropic import KEY, FakeAnthropic
from tests.acceptance.llms.fake_ollama import FakeOllama
from tests.acceptance.system.stack import Stack
from tests.support.servers.openai_batches import OpenAiBatchServer

#: The public name is another than the provider's own.
CLAUDE = "claude"
CLAUDE_OWN = "claude-sonnet-4-5"
#: Of a version that takes an effort and no budget.
NEW_CLAUDE = "claude-opus-4-6"
#: Of a provider whose key is wrong.
LOCKED_CLAUDE = "claude-locked"
LLAMA = "llama3.1:8b"
#: Of a provider that takes batches of its own.
CHEAP = "cheap-gpt"
#: A model of Ollama's that it has not.
GONE_LLAMA = "gone:1b"


class DialectStack:
    """The stack; the fakes live in this process."""

    def __init__(self, directory: Path) -> None:
        self.anthropic = FakeAnthropic()
        self.ollama = FakeOllama([LLAMA])
        self.batches = OpenAiBatchServer()
        self._directory = directory

    def __enter__(self) -> DialectStack:
        self.anthropic.start()
        self.ollama.start()
        self.batches.start()
        self.stack = Stack(
            self._directory,
            providers=self._providers(),
            settings={
                "REPLYTO_MAX_ATTEMPTS": "2",
                "REPLYTO_RETRY_BASE_S": "0.1",
                "ANTHROPIC_TEST_KEY": KEY,
                "WRONG_TEST_KEY": "sk-ant-wrong",
                "CHEAP_TEST_KEY": self.batches.key,
                "REPLYTO_BATCH_POLL_S": "0.5",
                "BETA_FEATURES": "context-1m-2025-08-07",
            },
        )
        self.stack.open()
        return self

    def __exit__(self, *exc: object) -> None:
        self.stack.close()
        self.batches.stop()
        self.ollama.stop()
        self.anthropic.stop()

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self.stack.logs()

    def _providers(self) -> str:
        models = {CLAUDE: CLAUDE_OWN, NEW_CLAUDE: NEW_CLAUDE}
        return "\n".join(
            [
                *_provider("claude", "anthropic", self.anthropic.url, "ANTHROPIC_TEST_KEY"),
                f"models = {_table(models)}",
                'headers = { "anthropic-beta" = "env:BETA_FEATURES", "x-unset" = "env:UNSET" }',
                'query = { "trace" = "on" }',
                # The other form of the base URL.
                *_provider("locked", "anthropic", f"{self.anthropic.url}/v1", "WRONG_TEST_KEY"),
                f"models = {_list([LOCKED_CLAUDE])}",
                *_provider("ollama", "ollama", f"{self.ollama.url}/v1/"),
                f"models = {_list([LLAMA, GONE_LLAMA])}",
                *_provider("cheap", "openai", f"{self.batches.url}/v1", "CHEAP_TEST_KEY"),
                f"models = {_list([CHEAP])}",
                "batch = true",
            ]
        )


def _provider(name: str, kind: str, base_url: str, key: str = "") -> list[str]:
    rows = ["[[provider]]", f'name = "{name}"', f'type = "{kind}"', f'base_url = "{base_url}"']
    return [*rows, f'api_key_env = "{key}"'] if key else rows


def _list(values: Sequence[str]) -> str:
    return json.dumps(list(values))


def _table(values: dict[str, str]) -> str:
    return "{ " + ", ".join(f'"{name}" = "{own}"' for name, own in values.items()) + " }"
