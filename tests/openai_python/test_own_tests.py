"""All that is offered passes; what is not is refused in OpenAI's form, in plain words."""

from __future__ import annotations

import re
from typing import Final

import pytest

#: Calls that this gateway does not offer, or of ids that never were, by their tests' names.
_NOT_THERE: Final = re.compile(
    r"""test_models\..*(delete)
    | chat\.test_completions\..*_(retrieve|update|list|delete)
    | chat\.completions\.test_messages\.
    | test_responses\..*_(retrieve|delete|cancel|compact)
    | responses\.test_input_(items|tokens)\.""",
    re.VERBOSE,
)
#: Tests that call nobody: the SDK itself refuses an empty id.
_ASKS_NOBODY: Final = re.compile(r"_path_params_")
_ERROR: Final = re.compile(r"Error code: (\d+) - (.*)")
_PLAIN: Final = re.compile(
    r"There is no (endpoint [A-Z]+ /v1/\S+: of OpenAI's API this gateway offers |response '\w+')"
    r"|/v1/\S+ does not take [A-Z]+; it takes "
)


@pytest.fixture(scope="session")
def offered(outcomes: dict[str, str]) -> dict[str, str]:
    return {name: said for name, said in outcomes.items() if not _NOT_THERE.match(name)}


def test_all_that_is_offered_passes(offered: dict[str, str]) -> None:
    failed = {name: said[-600:] for name, said in offered.items() if said}
    assert not failed, "\n\n".join(f"{name}\n{said}" for name, said in failed.items())
    # As many as there are in the pinned version, so that none is left out unseen.
    assert len(offered) > 150


def test_calls_that_are_not_offered_say_so(outcomes: dict[str, str]) -> None:
    others = {
        name: said
        for name, said in outcomes.items()
        if _NOT_THERE.match(name) and not _ASKS_NOBODY.search(name)
    }
    assert len(others) > 100
    for name, said in others.items():
        errors = _ERROR.findall(said)
        assert errors, f"{name}: {said[-600:] or 'it passed'}"
        assert all(status in ("404", "405") for status, _ in errors), f"{name}: {errors}"
        assert all(_PLAIN.match(message) for _, message in errors), f"{name}: {errors}"
