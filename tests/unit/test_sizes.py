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

#: Tests that are longer, as they were when this was first looked at: none of them may grow, and no
#: other may join them.
LONG_TESTS = {
    "tests/acceptance/callbacks/test_callback_deliveries.py": 303,
    "tests/acceptance/chaos/load.py": 316,
    "tests/acceptance/jobs/test_bad_input.py": 438,
    "tests/acceptance/jobs/test_keys.py": 407,
    "tests/acceptance/jobs/test_limits.py": 399,
    "tests/acceptance/jobs/test_streams.py": 460,
    "tests/acceptance/providers/test_anthropic.py": 309,
    "tests/acceptance/providers/test_providers.py": 410,
    "tests/acceptance/system/stack.py": 309,
    "tests/unit/acceptance/chaos/test_auditor.py": 464,
    "tests/unit/gateway/admin/test_api_keys.py": 411,
    "tests/unit/gateway/callbacks/test_deliveries.py": 407,
    "tests/unit/gateway/files/test_files.py": 354,
    "tests/unit/gateway/responses/test_views.py": 327,
    "tests/unit/gateway/server/test_serving.py": 388,
    "tests/unit/gateway/test_app.py": 433,
    "tests/unit/gateway/waiting/test_event_stream.py": 403,
    "tests/unit/shared/callbacks/test_delivery_store.py": 573,
    "tests/unit/shared/callbacks/test_receivers.py": 303,
    "tests/unit/shared/ledger/test_invariants.py": 1048,
    "tests/unit/shared/ledger/test_job_store.py": 1248,
    "tests/unit/shared/ledger/test_key_limits.py": 333,
    "tests/unit/shared/providers/test_health.py": 355,
    "tests/unit/shared/queues/test_slots.py": 398,
    "tests/unit/shared/recovery/test_recovery_store.py": 1026,
    "tests/unit/shared/telemetry/test_stages.py": 310,
    "tests/unit/shared/wire/test_chat_request.py": 707,
    "tests/unit/workers/callbacks/test_run.py": 370,
    "tests/unit/workers/callbacks/test_sender.py": 440,
    "tests/unit/workers/chat/test_run.py": 483,
    "tests/unit/workers/chat/test_streamed.py": 336,
    "tests/unit/workers/folds/test_chat.py": 675,
    "tests/unit/workers/providers/test_anthropic_request.py": 752,
    "tests/unit/workers/providers/test_told_errors.py": 433,
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
