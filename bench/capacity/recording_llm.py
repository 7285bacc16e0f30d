"""The demo LLM in a process of its own, and what it has recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from cli.up import processes


@dataclass(frozen=True, slots=True)
class LlmCall:
    """One call that is over: when it came (unix seconds), and if its client waited to the end."""

    received_at: float
    prompt: str
    finished: bool


def command_line(port: int, folder: Path) -> list[str]:
    """Return the LLM's command line."""
    return [*processes.demo_llm(port), "--record", str(_record(folder))]


def calls(folder: Path) -> Iterator[LlmCall]:
    """Yield the calls that are over, in the order in which they ended."""
    with _record(folder).open(encoding="utf-8") as lines:
        for line in lines:
            # The last line may be half written.
            if line.endswith("\n"):
                row = json.loads(line)
                prompt = json.loads(row["body"])["messages"][-1]["content"]
                yield LlmCall(row["received_at"], prompt, row["finished"])


def _record(folder: Path) -> Path:
    return folder / "llm.jsonl"
