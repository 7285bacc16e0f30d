"""The stack that tests share when they break nothing, and the logs of those that failed."""

from __future__ import annotations

from collections.abc import Generator, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.acceptance.conformance.answers import CONFORMANCE
from tests.acceptance.llms.canned_streams import CANNED_STREAMS
from tests.acceptance.llms.canned_wire import CANNED_WIRE
from tests.acceptance.llms.odd_answers import ODD_ANSWERS
from tests.acceptance.system.api import Api
from tests.acceptance.system.dialect_stack import DialectStack
from tests.acceptance.system.redis_outage import MODELS as OUTAGE_MODELS
from tests.acceptance.system.redis_outage import Outage, RunningOutage
from tests.acceptance.system.stack import Stack

_FOLDER = Path(__file__).parent

#: Models of the demo LLM that the tests of the shared stack use.
_MODELS = (
    "demo",
    "demo-echo",
    "demo-fail-400",
    "demo-fail-429",
    "demo-fail-500",
    "demo-flaky-1",
    "demo-garbage",
    "demo-hang",
    "demo-image",
    "demo-instant",
    "demo-slow-300ms",
    "demo-slow-3s",
    "demo-speech",
    "demo-transcribe",
)
ALIASES = {"public-name": "demo-instant", "public/with/slashes": "demo-instant"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder."""
    for item in items:
        if _FOLDER in item.path.parents:
            item.add_marker(pytest.mark.acceptance)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show what the processes of a failed test had to say."""
    report = yield
    if report.failed:
        for value in getattr(item, "funcargs", {}).values():
            if callable(logs := getattr(value, "logs", None)):
                report.sections += [(f"log of {name}", text) for name, text in logs().items()]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Tell how long recoveries took: the tests only ask that it was not too long."""
    for report in terminalreporter.getreports("passed"):
        for name, value in report.user_properties:
            if name == "slots_busy":
                terminalreporter.write_line(f"slots busy: {value:.1%}: {report.nodeid}")
            if name == "recovery_s":
                terminalreporter.write_line(f"recovered after {value} s: {report.nodeid}")


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Start a whole ReplyTo that no test breaks. Two attempts at a job, soon after each other."""
    with Stack(
        tmp_path_factory.mktemp("stack"),
        demo_models=_MODELS,
        aliases=ALIASES,
        canned={**ODD_ANSWERS, **CANNED_STREAMS, **CANNED_WIRE, **CONFORMANCE},
        settings={
            "REPLYTO_MAX_ATTEMPTS": "2",
            "REPLYTO_RETRY_BASE_S": "0.1",
            # Models that fail are asked again and again by one test after another.
            "REPLYTO_PROVIDER_FAILURES": "1000",
        },
    ) as stack:
        yield stack.open()


@pytest.fixture
def api(stack: Stack) -> Iterator[Api]:
    """A session at the shared stack's gateway."""
    with stack.api() as api:
        yield api


@pytest.fixture(scope="package")
def dialects(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DialectStack]:
    """Start a whole ReplyTo whose providers are of other types than OpenAI's."""
    with DialectStack(tmp_path_factory.mktemp("dialects")) as dialects:
        yield dialects


@pytest.fixture(scope="package")
def redis_outage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningOutage]:
    """Break a stack of its own in the background: it takes as long as other faults do."""
    directory = tmp_path_factory.mktemp("redis-outage")
    with (
        Stack(directory, demo_models=OUTAGE_MODELS) as stack,
        ThreadPoolExecutor(1) as thread,
    ):
        stack.open()
        yield RunningOutage(stack, thread.submit(Outage(stack).run))
