"""Finds which methods of libraries ours take the place of, and how their source reads today."""

from __future__ import annotations

import hashlib
import importlib
import inspect
import sys
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from types import ModuleType
from typing import Any, Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
OURS: Final = ("gateway", "workers", "shared", "cli", "codegen")
#: What is made to be derived from: overriding it is using it.
_MADE_FOR_IT: Final = ("click.", "pydantic", "enum.", "celery.bootsteps.")
_SPECIAL: Final = ("__init__", "__call__")
#: No class of ours overrides these; ours are put into their place, or lean on how they work inside.
LEANT_ON: Final = {
    "celery.app.amqp.Queues.select_add": "workers/pools.py",
    "celery.app.amqp.Queues.deselect": "workers/pools.py",
    "celery.apps.worker.safe_say": "workers/app.py",
    "gevent.hub.Hub.print_exception": "shared/telemetry/log_setup.py",
    "kombu.transport.redis.Channel._on_connection_disconnect": "workers/broker_pool.py",
    "kombu.transport.virtual.base.QoS.can_consume": "workers/broker.py",
    "kombu.utils.functional.retry_over_time": "workers/app.py",
    "redis._parsers.base.BaseParser.parse_error": "shared/store/refusals.py",
    "redis.client.PubSub.parse_response": "gateway/waiting/mailbox.py",
    "redis.client.PubSub.handle_message": "gateway/waiting/mailbox.py",
    "redis.connection.AbstractConnection.can_read": "workers/broker_pool.py",
    "redis.connection.AbstractConnection.disconnect": "workers/broker_pool.py",
    "redis.connection.AbstractConnection.on_connect_check_health": "shared/store/client.py",
    "redis.sentinel.Sentinel.discover_master": "shared/store/sentinels.py",
    "requests.models.Response.content": "workers/providers/answers/body.py",
    "urllib3.response.HTTPResponse.stream": "workers/providers/answers/body.py",
}


class Override(NamedTuple):
    """A method of ours, and that of the library which it takes the place of."""

    ours: str
    theirs: str
    file: str


def overrides() -> list[Override]:
    """Return all of them, each method of a library once for each class of ours."""
    found = {one for module in _modules() for cls in _classes(module) for one in _of(cls)}
    found |= {Override(file, theirs, file) for theirs, file in LEANT_ON.items()}
    return sorted(found)


def source_hash(theirs: str) -> str:
    """Return what the source of a library's function comes to; raises LookupError without one."""
    text = inspect.cleandoc(inspect.getsource(_function(theirs)))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def distribution(theirs: str) -> str:
    """Return the package that a function is from."""
    top = theirs.partition(".")[0]
    return _distributions().get(top, [top])[0]


@cache
def _distributions() -> Mapping[str, list[str]]:
    """Return who brings each package; asking all that is installed takes long."""
    return packages_distributions()


def _modules() -> Iterator[ModuleType]:
    for root in OURS:
        for file in sorted((ROOT / root).rglob("*.py")):
            parts = file.relative_to(ROOT).with_suffix("").parts
            # What runs when it is imported.
            if file.name != "__main__.py" and "migrations" not in parts:
                yield importlib.import_module(".".join(parts).removesuffix(".__init__"))


def _classes(module: ModuleType) -> list[type]:
    return [
        one
        for one in vars(module).values()
        if inspect.isclass(one) and one.__module__ == module.__name__
    ]


def _of(cls: type) -> Iterator[Override]:
    """Yield the overrides of a class, those of its mix-ins too."""
    for place, mine in enumerate(cls.__mro__):
        if not _is_ours(mine):
            continue
        for name, value in vars(mine).items():
            theirs = next((c for c in cls.__mro__[place + 1 :] if name in vars(c)), None)
            if theirs is not None and _counts(theirs, name) and _plain(value) is not None:
                file = Path(inspect.getfile(mine)).relative_to(ROOT).as_posix()
                yield Override(
                    f"{mine.__module__}.{_name(mine)}.{name}",
                    f"{theirs.__module__}.{_name(theirs)}.{name}",
                    file,
                )


def _name(cls: type) -> str:
    return cls.__qualname__.removeprefix(f"{cls.__module__}.")


def _is_ours(cls: type) -> bool:
    return cls.__module__.partition(".")[0] in OURS


def _counts(theirs: type, name: str) -> bool:
    """Whether it is a library's; of Python's own only what is private may change any day."""
    module = f"{theirs.__module__}."
    if _is_ours(theirs) or module.startswith(_MADE_FOR_IT) or _plain(vars(theirs)[name]) is None:
        return False
    if name.startswith("__"):
        return name in _SPECIAL and module.partition(".")[0] not in sys.stdlib_module_names
    return name.startswith("_") or module.partition(".")[0] not in sys.stdlib_module_names


def _plain(value: Any) -> Any:
    """Return the Python function behind a method, a property or a decorator; None for others."""
    for inside in ("fget", "func", "__func__"):
        value = getattr(value, inside, None) or value
    value = inspect.unwrap(value) if callable(value) else value
    return value if inspect.isfunction(value) else None


def _function(theirs: str) -> Any:
    parts = theirs.split(".")
    for length in range(len(parts) - 1, 0, -1):
        try:
            found: Any = importlib.import_module(".".join(parts[:length]))
        except ImportError:
            continue
        for name in parts[length:]:
            found = inspect.getattr_static(found, name)
        return _plain(found)
    raise LookupError(theirs)


if __name__ == "__main__":
    for theirs_ in sorted({one.theirs for one in overrides()}):
        print(f'"{theirs_}" = "{source_hash(theirs_)}"')  # noqa: T201 - what it is for
