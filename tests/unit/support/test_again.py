"""Failed tests run once again, alone: chance makes no run red, and nothing else is hidden."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests import again

pytest_plugins = "pytester"

ROOT = Path(again.__file__).parent.parent

PASSES = "def test_passes(): pass\n"
FAILS = "def test_fails(): assert False\n"
#: Fails the first time: no process remembers it but by a file.
FAILS_ONCE = """
import pathlib

def test_fails_once():
    seen = pathlib.Path("seen")
    was_seen = seen.exists()
    seen.touch()
    assert was_seen, "by chance"
"""
TEARDOWN_FAILS_ONCE = """
import pathlib, pytest

@pytest.fixture
def thing():
    yield
    seen = pathlib.Path("seen")
    was_seen = seen.exists()
    seen.touch()
    assert was_seen

def test_uses_a_thing(thing): pass
"""
ODD_NAMES_FAIL_ONCE = """
import pathlib, pytest

@pytest.mark.parametrize("text", ["a::b", "a b/[c]", "é"])
def test_fails_once(text):
    seen = pathlib.Path(text.encode().hex())
    was_seen = seen.exists()
    seen.touch()
    assert was_seen
"""
KILLS_ITS_PROCESS_ONCE = """
import os, pathlib

def test_dies():
    seen = pathlib.Path("seen")
    if not seen.exists():
        seen.touch()
        os._exit(7)
"""
FAILS_IN_THE_PARALLEL_RUN = """
import os

def test_fails_beside_others():
    assert "PYTEST_XDIST_WORKER" not in os.environ
"""
IS_GONE_THE_SECOND_TIME = """
import pathlib

seen = pathlib.Path("seen")
if not seen.exists():
    def test_is_gone():
        seen.touch()
        assert False
"""


@pytest.fixture
def files(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    # This run itself may be one of several.
    for name in ("PYTEST_ADDOPTS", "PYTEST_XDIST_WORKER", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)
    # Of all installed plugins only the one that matters here: each of these runs starts afresh.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTEST_PLUGINS", "xdist.plugin")
    return pytester


def run(files: pytest.Pytester, *options: str, **modules: str) -> pytest.RunResult:
    files.makepyfile(**modules)
    return files.runpytest_subprocess("-p", "tests.again", *options)


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadfile")], ids=["one", "many"])
def test_test_that_fails_once_is_named_and_does_not_make_the_run_red(
    files: pytest.Pytester, options: tuple[str, ...]
) -> None:
    result = run(files, *options, test_one=FAILS_ONCE, test_two=PASSES)
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"passed": 1, "rerun": 1}
    result.stdout.fnmatch_lines(["*AssertionError: by chance*"])
    named, summary = result.outlines[-2:]
    assert named == "passed only when run again: test_one.py::test_fails_once"
    assert "1 passed, 1 rerun in" in summary


@pytest.mark.parametrize("options", [(), ("-n", "2", "--dist", "loadfile")], ids=["one", "many"])
def test_test_that_always_fails_keeps_the_run_red(
    files: pytest.Pytester, options: tuple[str, ...]
) -> None:
    result = run(files, *options, test_one=FAILS_ONCE, test_two=FAILS, test_three=PASSES)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"passed": 1, "rerun": 1, "failed": 1}
    result.stdout.fnmatch_lines(["FAILED test_two.py::test_fails*"])
    result.stdout.no_fnmatch_line("passed only when run again: test_two*")


def test_run_without_a_failure_says_nothing_of_a_second_one(files: pytest.Pytester) -> None:
    result = run(files, test_one=PASSES)
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"passed": 1}
    result.stdout.no_fnmatch_line("*run again*")


def test_second_run_is_alone(files: pytest.Pytester) -> None:
    result = run(files, "-n", "2", test_one=FAILS_IN_THE_PARALLEL_RUN)
    assert result.parseoutcomes() == {"rerun": 1}


def test_failure_at_the_end_of_a_fixture_is_run_again(files: pytest.Pytester) -> None:
    result = run(files, test_one=TEARDOWN_FAILS_ONCE)
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"passed": 1, "rerun": 1}


def test_tests_with_odd_names_are_found_again(files: pytest.Pytester) -> None:
    result = run(files, test_one=ODD_NAMES_FAIL_ONCE)
    assert result.ret == pytest.ExitCode.OK
    assert result.parseoutcomes() == {"rerun": 3}


def test_test_that_is_not_found_again_stays_failed(files: pytest.Pytester) -> None:
    result = run(files, test_one=IS_GONE_THE_SECOND_TIME)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"failed": 1}


def test_more_failures_than_chance_explains_are_not_run_again(files: pytest.Pytester) -> None:
    many = f"""
import pathlib, pytest

@pytest.mark.parametrize("n", range({again.MOST + 1}))
def test_fails_once(n):
    seen = pathlib.Path(str(n))
    was_seen = seen.exists()
    seen.touch()
    assert was_seen
"""
    result = run(files, test_one=many)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"failed": again.MOST + 1}


def test_worker_that_died_is_red_at_once(files: pytest.Pytester) -> None:
    result = run(files, "-n", "2", test_one=KILLS_ITS_PROCESS_ONCE, test_two=PASSES)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"passed": 1, "failed": 1}


@pytest.mark.parametrize("options", [(), ("-n", "2")], ids=["one", "many"])
def test_file_that_cannot_be_collected_is_red_at_once(
    files: pytest.Pytester, options: tuple[str, ...]
) -> None:
    broken = "import pathlib\nassert pathlib.Path('seen').exists()"
    result = run(files, *options, test_one=FAILS_ONCE, test_two=broken)
    assert result.ret != pytest.ExitCode.OK
    result.stdout.no_fnmatch_line("*run again*")


def test_collection_error_beside_failed_tests_is_red_at_once(files: pytest.Pytester) -> None:
    options = ("--continue-on-collection-errors",)
    result = run(files, *options, test_one=FAILS_ONCE, test_two="import nothing_of_that_name")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    assert result.parseoutcomes() == {"failed": 1, "errors": 1}


def test_run_that_ends_early_is_red_at_once(files: pytest.Pytester) -> None:
    result = run(files, "-x", test_one=FAILS_ONCE, test_two=PASSES)
    assert result.ret not in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED}
    assert result.parseoutcomes() == {"failed": 1}


def test_run_without_tests_is_red(files: pytest.Pytester) -> None:
    assert run(files, test_one="").ret == pytest.ExitCode.NO_TESTS_COLLECTED
