"""What the processes that `replyto up` starts get of its environment: only their own secrets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from shared.providers.presets import PRESETS

#: What any program may need: where things are, and in which language and time zone.
_ANY: Final = frozenset(
    ("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TERM")
)
_ANY_PREFIXES: Final = ("LC_", "LD_", "DYLD_", "PYTHON", "VIRTUAL_ENV", "COV_", "COVERAGE_")
#: Who may call the gateway is the gateway's matter alone. Set to something, or a worker would
#: look them up in the data directory.
_WITHHELD: Final = {"REPLYTO_API_KEY": "withheld", "REPLYTO_AUTH_SECRET": "withheld"}
_KEYS: Final = frozenset(one.api_key_env for one in PRESETS.values() if one.api_key_env)


def plain(environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a program gets that needs no setting and no secret: Redis, the demo LLM."""
    return {
        name: value
        for name, value in environment.items()
        if name in _ANY or name.startswith(_ANY_PREFIXES)
    }


def of_worker(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    """Return what a worker gets: nothing that opens the gateway.

    The callbacks worker calls no provider, and needs nobody's key.
    """
    left = {**environment, **_WITHHELD}
    if name != "callbacks":
        return left
    return {key: value for key, value in left.items() if key not in _KEYS}
