"""`replyto batch run`: killed anywhere, one batch and the right files, none of an earlier run."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from cli import files
from cli.api.gateway import NoAnswer, NotThere
from cli.batch import run
from cli.batch.run import run_file


class Killed(BaseException):
    """The process dies here."""


class FakeGateway:
    """Answers each line of a batch, but for those that it is told to fail, at the second look.

    `at` is asked before and after each call: it may raise.
    """

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}
        self.batches: list[dict[str, Any]] = []
        self.fails: set[str] = set()
        self.at: Callable[[str], None] = lambda _: None

    def ask(self, verb: str, path: str, **options: Any) -> dict[str, Any]:
        """Call it."""
        name = f"{verb} {path.split('?', maxsplit=1)[0]}"
        self.at(f"before {name}")
        answer = self._answer(verb, path, options)
        self.at(f"after {name}")
        return json.loads(json.dumps(answer))  # type: ignore[no-any-return]

    def download(self, path: str) -> Iterator[bytes]:
        """Give a file, in two pieces."""
        self.at("before download")
        file_id = path.split("/")[3]
        if file_id not in self.files:
            raise NotThere("No such File")
        content = self.files[file_id]
        yield content[:7]
        self.at("half of it")
        yield content[7:]

    def _answer(self, verb: str, path: str, options: dict[str, Any]) -> Any:
        if path == "/v1/files":
            return {"id": self._keep(options["files"]["file"][1])}
        if path == "/v1/batches" and verb == "POST":
            number = len(self.batches) + 1
            counts = {"total": 0, "completed": 0, "failed": 0}
            state = {"id": f"batch_{number}", "status": "validating", "request_counts": counts}
            self.batches.append({**state, **options["json"]})
            return self.batches[-1]
        if path == "/v1/batches":
            return self._page(options["params"])
        found = [one for one in self.batches if one["id"] == path.split("/")[3]]
        if not found:
            raise NotThere("No such Batch")
        self._go_on(found[0])
        return found[0]

    def _page(self, params: dict[str, Any]) -> dict[str, Any]:
        listed = self.batches[::-1]
        names = [one["id"] for one in listed]
        first = names.index(params["after"]) + 1 if "after" in params else 0
        page = listed[first : first + params["limit"]]
        return {"data": page, "has_more": first + params["limit"] < len(listed)}

    def _go_on(self, batch: dict[str, Any]) -> None:
        if batch["status"] == "validating":
            batch["status"] = "in_progress"
            return
        lines = [json.loads(one) for one in self.files[batch["input_file_id"]].splitlines()]
        names = [one["custom_id"] for one in lines]
        good = [name for name in names if name not in self.fails]
        bad = [name for name in names if name in self.fails]
        counts = {"total": len(names), "completed": len(good), "failed": len(bad)}
        batch.update(status="completed", request_counts=counts)
        for kind, told in (("output_file_id", good), ("error_file_id", bad)):
            if told and not batch.get(kind):
                batch[kind] = self._keep("".join(f"{one} of {kind}\n" for one in told).encode())

    def _keep(self, content: bytes) -> str:
        name = f"file-{len(self.files)}"
        self.files[name] = content
        return name


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run.time, "sleep", lambda _: None)


class Run:
    """A file of three prompts, and where its answers go."""

    def __init__(self, folder: Path) -> None:
        self.gateway = FakeGateway()
        self.source, self.out = folder / "in.jsonl", folder / "out.jsonl"
        self.errors, self.note = folder / "out.jsonl.errors", folder / "out.jsonl.batch"
        self.source.write_text('"a"\n"b"\n"c"\n')

    def __call__(self) -> dict[str, Any]:
        """Run it."""
        told = {"endpoint": "/v1/chat/completions", "model": "m", "window": "24h"}
        return run_file(self.gateway, self.source, self.out, **told)  # type: ignore[arg-type]

    @property
    def left(self) -> list[str]:
        """What is beside the input."""
        return sorted(one.name for one in self.source.parent.iterdir() if one != self.source)


@pytest.fixture
def a_run(tmp_path: Path) -> Run:
    return Run(tmp_path)


def test_nothing_of_an_earlier_run_is_left(a_run: Run) -> None:
    a_run.gateway.fails = {"2"}
    assert a_run()["request_counts"]["failed"] == 1
    assert a_run.errors.read_text() == "2 of error_file_id\n"
    a_run.gateway.fails = set()
    a_run()
    assert a_run.left == ["out.jsonl"]
    a_run.gateway.fails = {"1", "2", "3"}
    a_run()
    assert (a_run.out.read_text(), a_run.errors.read_text().count("\n")) == ("", 3)


def test_killed_at_each_step_it_goes_on_with_one_batch(tmp_path: Path) -> None:
    reached, answers = 0, "1 of output_file_id\n2 of output_file_id\n"
    while True:
        folder = tmp_path / str(reached)
        folder.mkdir()
        a_run, steps = Run(folder), iter(range(1000))
        a_run.gateway.fails = {"3"}
        a_run.out.write_text("of another input\n")
        dies_at = reached

        def die(_: str, steps: Iterator[int] = steps, dies_at: int = dies_at) -> None:
            if next(steps) == dies_at:
                raise Killed

        a_run.gateway.at = die
        try:
            a_run()
        except Killed:
            assert a_run.out.read_text() in ("of another input\n", answers)
            a_run.gateway.at = lambda _: None
            a_run()
        else:
            break
        assert len(a_run.gateway.batches) == 1
        assert a_run.out.read_text() == answers
        assert a_run.errors.read_text() == "3 of error_file_id\n"
        assert a_run.left == ["out.jsonl", "out.jsonl.errors"]
        reached += 1
    assert reached > 8


def test_batch_is_found_behind_many_later_ones(a_run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(run, "_PAGE", 2)

    def die(step: str) -> None:
        if step == "after POST /v1/batches":
            raise Killed

    a_run.gateway.at = die
    with pytest.raises(Killed):
        a_run()
    a_run.gateway.at = lambda _: None
    others = [{"id": f"batch_x{n}", "status": "completed", "metadata": None} for n in range(5)]
    a_run.gateway.batches += others
    assert a_run()["id"] == "batch_1"


def test_gateway_that_is_gone_is_waited_for_and_a_refused_key_is_not(a_run: Run) -> None:
    looks = iter((NoAnswer("gone"), NoAnswer("503"), None, click.ClickException("401: wrong key")))

    def at(step: str) -> None:
        if step == "before GET /v1/batches/batch_1" and (error := next(looks, None)):
            raise error

    a_run.gateway.at = at
    with pytest.raises(click.ClickException, match=r"401: wrong key\nNothing is lost"):
        a_run()
    assert a_run.left == ["out.jsonl.batch"]
    assert a_run()["id"] == "batch_1"
    assert len(a_run.gateway.batches) == 1


def test_download_that_breaks_off_is_begun_again(a_run: Run) -> None:
    breaks = iter((NoAnswer("the file broke off"),))

    def at(step: str) -> None:
        if step == "half of it" and (error := next(breaks, None)):
            raise error

    a_run.gateway.at = at
    a_run()
    assert len(a_run.out.read_text().splitlines()) == 3
    assert a_run.left == ["out.jsonl"]


def test_full_disk_is_one_line_and_loses_nothing(
    a_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    works = files.Path.replace

    def full(place: Path, target: Path) -> Path:
        if target.name == "out.jsonl":
            raise OSError(errno.ENOSPC, "No space left on device")
        return works(place, target)

    with monkeypatch.context() as disk:
        disk.setattr(files.Path, "replace", full)
        with pytest.raises(click.ClickException, match="No space left on device"):
            a_run()
    assert a_run.left == ["out.jsonl.batch"]
    a_run()
    assert len(a_run.gateway.batches) == 1
    assert a_run.left == ["out.jsonl"]
    a_run.out = a_run.source.parent / "none" / "out.jsonl"
    with pytest.raises(click.ClickException, match="No such file or directory"):
        a_run()
    assert len(a_run.gateway.batches) == 1


def test_changed_input_is_another_run_which_says_so(
    a_run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    def die(step: str) -> None:
        if step == "before GET /v1/batches/batch_1":
            raise Killed

    a_run.gateway.at = die
    with pytest.raises(Killed):
        a_run()
    a_run.source.write_text('"d"\n')
    assert a_run()["id"] == "batch_2"
    assert "batch_1 of the earlier one runs on" in capsys.readouterr().err
    assert a_run.out.read_text() == "1 of output_file_id\n"


@pytest.mark.parametrize("note", ["[]", "{", '{"input": 7}', ""])
def test_note_that_is_none_is_written_anew(a_run: Run, note: str) -> None:
    a_run.note.write_text(note)
    a_run()
    assert a_run.left == ["out.jsonl"]


def test_what_is_gone_is_begun_anew_the_next_time(a_run: Run) -> None:
    a_run.gateway.at = lambda step: (
        a_run.gateway.files.clear() if step == "before download" else None
    )
    with pytest.raises(click.ClickException, match="run again to begin anew"):
        a_run()
    a_run.gateway.at = lambda _: None
    a_run()
    assert len(a_run.gateway.batches) == 2


def test_requests_are_not_written_over(a_run: Run) -> None:
    a_run.out = a_run.source
    with pytest.raises(click.UsageError, match="name another --out"):
        a_run()
    assert a_run.gateway.batches == []
