"""Why a choice of an answer ended, as providers tell it. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: Texts with which some servers say that there is no reason yet.
_NONE: Final = frozenset(("", "null", "None", "none"))
#: Reasons of those who could not go on: vLLM's and SGLang's, DeepSeek's, Z.ai's.
_FAILED: Final = frozenset(("error", "abort", "insufficient_system_resource", "network_error"))
#: The usual words for those that others have, in small letters.
_USUAL: Final[Mapping[str, str]] = {
    **dict.fromkeys(
        (
            *("max_tokens", "max_output_tokens", "max_length", "model_length", "token_limit"),
            "model_context_window_exceeded",
        ),
        "length",
    ),
    **dict.fromkeys(
        (
            *("sensitive", "safety", "refusal", "recitation", "blocklist", "prohibited_content"),
            *("content_filtered", "guardrail_intervened"),
        ),
        "content_filter",
    ),
}


def reason_in(choice: Mapping[str, Any]) -> Any:
    """Return the reason with which a choice ended; None while it has none."""
    reason = choice.get("finish_reason")
    is_none = not reason or (isinstance(reason, str) and reason in _NONE)
    return None if is_none else reason


def usual_reason(reason: object) -> str:
    """Return a reason by its usual name, in small letters: for who is told it in other words."""
    told = reason.lower() if isinstance(reason, str) else ""
    return _USUAL.get(told, told)


def unusual_reason(choice: Mapping[str, Any]) -> str:
    """Return the reason of a choice that has it by Google's own name; an empty text for none."""
    told = choice.get("finishReason")
    return told.lower() if isinstance(told, str) and told not in _NONE else ""


def has_failed(choice: Mapping[str, Any]) -> bool:
    """Whether a choice ended because its server could not go on: what it says is no answer."""
    reason = choice.get("finish_reason")
    return isinstance(reason, str) and reason in _FAILED


def may_tell_failure(event: bytes) -> bool:
    """Whether a choice in the event may have failed. Quick; `error` is for others to look for."""
    return b'"abort"' in event or b'"insufficient_system_resource"' in event
