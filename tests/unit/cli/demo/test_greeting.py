"""Who says hello to the demo LLM is shown what answers can look like."""

from __future__ import annotations

from cli.demo.answers import answer_to

GREETING = [{"role": "user", "content": "Hello there"}]


def _said(model: str, messages: list[dict[str, str]]) -> str:
    return answer_to({"model": model, "messages": messages}).content or ""


def test_who_says_hello_is_shown_a_table_code_and_a_formula() -> None:
    said = _said("demo", GREETING)
    assert "demo LLM, not a real model" in said
    assert all(sign in said for sign in ("|---|", "```python", "$e^"))
    assert said.endswith("You said: Hello there")


def test_all_others_are_answered_shortly() -> None:
    later = [*GREETING, {"role": "assistant", "content": "Hi"}, *GREETING]
    for model, messages in (("demo-instant", GREETING), ("demo", later)):
        assert "```" not in _said(model, messages)
    assert "```" not in _said("demo", [{"role": "user", "content": "Say hello"}])
