"""A key that is refused because there was none: the operator reads which variable is not set."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.workers.providers.test_told_errors import CALL, judged


def test_operator_is_told_which_variable_has_no_key() -> None:
    lacking = replace(
        CALL, provider=CALL.provider.model_copy(update={"api_key_env": "ACME_KEY"}), api_key=None
    )
    error = judged({"error": "who?"}, 401, lacking)
    assert error.words == "no key was sent, for ACME_KEY is not set here"
    assert "ACME_KEY" not in str(error)
    assert judged({"error": "who?"}, 401, replace(lacking, api_key="k-1")).words == "who?"
