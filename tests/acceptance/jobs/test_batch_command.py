"""`replyto batch`: runs a file, goes on with one that was begun, shows and lists batches."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.acceptance.system.stack import Stack


def _replyto(stack: Stack, *args: object) -> subprocess.CompletedProcess[str]:
    told = [*map(str, args), "--url", stack.url, "--key", stack.api_key]
    return subprocess.run(
        [sys.executable, "-m", "cli.main", "batch", *told],
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip


def test_file_becomes_a_file_of_answers(stack: Stack, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps(f"Say {n}") + "\n" for n in range(12)))
    begun = [source, "--model", "demo-instant", "--out", out]
    first = _replyto(stack, "run", *begun)
    assert first.returncode == 0, first.stderr
    answers = [json.loads(line) for line in out.read_text().splitlines()]
    assert [one["custom_id"] for one in answers] == [str(n) for n in range(1, 13)]
    assert "completed: 12 of 12 answered, 0 failed" in first.stdout
    assert not (tmp_path / "out.jsonl.batch").exists()
    batch_id = first.stderr.split("started ")[1].split()[0]
    assert f"{batch_id}  completed" in _replyto(stack, "status", batch_id).stdout
    assert batch_id in _replyto(stack, "list").stdout
    assert "400" in _replyto(stack, "cancel", batch_id).stderr


def test_run_that_was_killed_is_gone_on_with(stack: Stack, tmp_path: Path) -> None:
    source, out = tmp_path / "in.jsonl", tmp_path / "out.jsonl"
    source.write_text("".join(json.dumps({"prompt": f"Say {n}"}) + "\n" for n in range(40)))
    begun = [source, "--model", "demo-instant", "--out", out]
    told = ["run", *map(str, begun), "--url", stack.url, "--key", stack.api_key]
    command = [sys.executable, "-m", "cli.main", "batch", *told]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        batch_id = process.stderr.readline().removeprefix("started ").strip()
        process.kill()
    assert not out.exists()
    again = _replyto(stack, "run", *begun)
    assert again.returncode == 0, again.stderr
    assert f"going on with {batch_id}" in again.stderr
    assert len(out.read_text().splitlines()) == 40
