"""No room is too full and no file too long: somebody who looks for something finds it."""

from __future__ import annotations

import subprocess
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
#: Most modules of a folder beside its `__init__.py`, and most lines of a module.
MOST_MODULES = 15
MOST_LINES = 300

#: Tables: one row after another, read by looking one up, and split only at the cost of that.
TABLES = {
    "shared/dtos/catalog.py": "every endpoint, one entry each",
    "shared/errors.py": "every error of the API, one class each",
    "shared/settings.py": "every setting with its description",
    "shared/store/redis_keys.py": "every key in Redis with its type and life time",
    "clients/python/src/replyto_client/dtos.py": "made from the catalog",
}

#: Tests that are longer: how long each may be. No other may join them, and none may grow past that.
LONG_TESTS = {
    "tests/acceptance/callbacks/test_callback_deliveries.py": 400,
    "tests/acceptance/chaos/load.py": 400,
    "tests/acceptance/jobs/test_bad_input.py": 500,
    "tests/acceptance/jobs/test_keys.py": 500,
    "tests/acceptance/jobs/test_limits.py": 450,
    "tests/acceptance/jobs/test_streams.py": 550,
    "tests/acceptance/providers/test_anthropic.py": 400,
    "tests/acceptance/providers/test_providers.py": 500,
    "tests/acceptance/system/stack.py": 400,
    "tests/unit/acceptance/chaos/test_auditor.py": 550,
    "tests/unit/gateway/admin/test_api_keys.py": 500,
    "tests/unit/gateway/callbacks/test_deliveries.py": 500,
    "tests/unit/gateway/files/test_files.py": 450,
    "tests/unit/gateway/responses/test_views.py": 400,
    "tests/unit/gateway/server/test_serving.py": 450,
    "tests/unit/gateway/test_app.py": 500,
    "tests/unit/gateway/waiting/test_event_stream.py": 500,
    "tests/unit/shared/callbacks/test_delivery_store.py": 650,
    "tests/unit/shared/callbacks/test_receivers.py": 400,
    "tests/unit/shared/ledger/test_invariants.py": 1100,
    "tests/unit/shared/ledger/test_job_store.py": 1300,
    "tests/unit/shared/ledger/test_key_limits.py": 400,
    "tests/unit/shared/providers/test_health.py": 450,
    "tests/unit/shared/queues/test_slots.py": 450,
    "tests/unit/shared/recovery/test_recovery_store.py": 1100,
    "tests/unit/shared/telemetry/test_stages.py": 400,
    "tests/unit/shared/wire/test_chat_request.py": 800,
    "tests/unit/workers/callbacks/test_run.py": 450,
    "tests/unit/workers/callbacks/test_sender.py": 500,
    "tests/unit/workers/chat/test_run.py": 550,
    "tests/unit/workers/chat/test_streamed.py": 400,
    "tests/unit/workers/folds/test_chat.py": 750,
    "tests/unit/workers/providers/anthropic/test_anthropic_request.py": 850,
    "tests/unit/workers/providers/test_told_errors.py": 500,
}


def modules() -> list[Path]:
    """Return the Python files that git knows, or would add."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.py"]
    told = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    paths = map(ROOT.joinpath, told.splitlines())
    return [path for path in paths if path.exists() and "programs" not in path.parts]


def lines_of(path: Path) -> int:
    return len(path.read_text("utf-8").splitlines())


def test_no_folder_has_too_many_modules() -> None:
    rooms = Counter(path.parent for path in modules() if path.name != "__init__.py")
    full = {str(room.relative_to(ROOT)): n for room, n in rooms.items() if n > MOST_MODULES}
    assert full == {}, "make a room with a name of its own"


def test_no_module_but_a_table_is_too_long() -> None:
    found = {str(path.relative_to(ROOT)): lines_of(path) for path in modules()}
    long = {name: lines for name, lines in found.items() if lines > MOST_LINES}
    assert long.keys() >= TABLES.keys() | LONG_TESTS.keys(), "not so long any more: strike it out"
    grown = {
        name: lines
        for name, lines in long.items()
        if name not in TABLES and lines > LONG_TESTS.get(name, 0)
    }
    assert grown == {}, "a file has one reason to change: split it by that"


def test_every_room_says_in_one_line_what_it_is() -> None:
    rooms = {path for path in modules() if path.name == "__init__.py"}
    packages = ("gateway", "workers", "shared", "cli", "codegen")
    silent = [
        str(path.relative_to(ROOT))
        for path in rooms
        if path.relative_to(ROOT).parts[0] in packages
        and not path.read_text("utf-8").startswith('"""')
    ]
    assert silent == []
