"""Whether an error was told where an answer should be: with status 200, or inside a stream. Pure.

What it says is read by `told_errors`; here is decided that it is one, and which status it stands
for.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from shared.wire import response_events
from shared.wire.answers.finish_reasons import has_failed
from shared.wire.answers.said import object_of, objects, text_of
from workers.providers.told_errors import Told, told_in

Json = dict[str, Any]

#: The status of an error that does not tell one.
_UNTOLD: Final = 502
#: Statuses of errors by their type or code.
_STATUSES: Final[Mapping[str, int]] = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "billing_error": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "insufficient_quota": 429,
    "api_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
    "invalid_api_key": 401,
    "model_not_found": 404,
    "server_is_overloaded": 503,
    "slow_down": 503,
    **dict.fromkeys(("context_length_exceeded", "invalid_prompt", "content_filter"), 400),
    # Those of Hugging Face's TGI, which has them in `error_type`.
    "validation": 422,
    "template_error": 422,
    "missing_template_variable": 422,
    "tool_error": 422,
    "generation": 424,
    "overloaded": 429,
    # Amazon's.
    "throttlingException": 429,
    "serviceUnavailableException": 503,
    "validationException": 400,
    # Alibaba's.
    **dict.fromkeys(("Throttling", "Throttling.RateQuota", "Throttling.AllocationQuota"), 429),
}
#: The same of MiniMax, by the code that it has in `base_resp`; 0 is none.
#: https://platform.minimax.io/docs/api-reference/errorcode
_STATUSES_OF_BASE: Final[Mapping[object, int]] = {
    1000: 500,
    1001: 504,
    1002: 429,
    1004: 401,
    1008: 402,
    1013: 500,
    1026: 403,
    1027: 403,
    1039: 429,
    1041: 429,
    1042: 400,
    2013: 400,
    2045: 429,
    2049: 401,
    2056: 429,
}
#: Statuses of responses that are still to come, and of those that will never be whole.
_NO_ANSWERS: Final = (*response_events.UNFINISHED, "failed", "cancelled")
_BASE_DIGITS: Final = 4
_KIND_NAMES: Final = ("type", "code", "error_type")
_STATUS_NAMES: Final = ("code", "status", "status_code", "statusCode")
#: A flat error has one of these, the number or the name of a failure, beside one of its messages.
_MARKS: Final = (*_STATUS_NAMES, "error_code", "errorCode", "error_type", "__type")
_MESSAGES: Final = ("message", "Message", "msg", "error_msg", "error_message", "errorMessage")
#: How the types of errors end: `server_error`, `BadRequestError`.
_ERROR: Final = "error"
#: What is told there of a call that goes well.
_WELL: Final = frozenset(
    (
        *("ok", "success", "succeeded", "connected", "started", "completed", "info"),
        *("queued", "pending", "loading", "processing", "running", "in_progress"),
    )
)
_FIRST_FAILURE: Final = 400
_STATUS_DIGITS: Final = 3


@dataclass(frozen=True, slots=True)
class ToldInstead:
    """An error, and the HTTP status that it would have been told with."""

    status: int
    told: Told


def error_in(value: object, *, named: bool = False) -> ToldInstead | None:
    """Return the error that is told; None when none is.

    `named`: the event's name says that it is one.
    """
    if isinstance(value, list):
        return error_in(value[0], named=named) if value else None
    if isinstance(value, str) and named:
        return ToldInstead(_UNTOLD, told_in(value))
    if isinstance(value, dict):
        value = _amazons(value)
        if named or _says_error(value):
            return ToldInstead(_status_of(value), told_in(value))
    return _error_of_its_own(value) if isinstance(value, dict) else None


def error_without_answer(value: Json) -> ToldInstead | None:
    """Return the error of an object that has no answer: there any message is one."""
    found = error_in(value) or error_in(value, named=True)
    return found if found is not None and found.told.message else error_in(value)


def error_beside_answer(value: Json) -> ToldInstead | None:
    """Return the error for which an answer, or one of its choices, ended; None when none did."""
    for choice in objects(value.get("choices")):
        if is_told(choice.get("error")) or has_failed(choice):
            reason = choice.get("finish_reason")
            ended = {"message": f"The provider ended its answer with the reason '{reason}'."}
            told = next((one for one in (choice, value) if is_told(one.get("error"))), ended)
            error = {"error": told["error"]} if "error" in told else told
            return ToldInstead(_status_of(error), told_in(error))
    if is_told(value.get("error")) and _says_nothing(value):
        return ToldInstead(_status_of(value), told_in(value))
    return _error_of_a_response(value) or _error_of_its_own(value)


def _says_nothing(value: Json) -> bool:
    """Whether these are choices in which nobody says anything."""
    choices = objects(value.get("choices"))
    said = (
        choice.get("text")
        or any(each for name, each in object_of(choice.get("message")).items() if name != "role")
        for choice in choices
    )
    return bool(choices) and not any(said)


def _error_of_a_response(value: Json) -> ToldInstead | None:
    """Return the error for which a response failed, be it that some of it was there before."""
    response = object_of(value.get("response")) or value
    error = response.get("error")
    if response.get("status") == "failed" and is_told(error):
        return ToldInstead(_status_of({"error": error}), told_in({"error": error}))
    if response.get("status") not in _NO_ANSWERS:
        return None
    is_end = response is value or response_events.kind_of(value) in response_events.LAST
    if not is_end or not isinstance(response.get("output"), list):
        return None
    status = text_of(response_events.finished(response).get("status"))
    if status not in _NO_ANSWERS:
        return None
    ended = f"The provider gave a response with the status '{status}'."
    return ToldInstead(_UNTOLD, told_in({"message": ended}))


def _error_of_its_own(value: Json) -> ToldInstead | None:
    """Return the error that some tell in a member of their own, also beside an answer."""
    if error := object_of(value.get("x_groq")).get("error"):
        return ToldInstead(_status_of({"error": error}), told_in({"error": error}))
    base = object_of(value.get("base_resp"))
    code = base.get("status_code")
    if _is_number(code, _BASE_DIGITS):
        code = int(code)
    if type(code) is not int or not code:
        return None
    return ToldInstead(_STATUSES_OF_BASE.get(code, _UNTOLD), told_in({"base_resp": base}))


def is_told(error: object) -> bool:
    """Whether the member of that name tells one: some always have it, with nothing in it."""
    return any(error.values()) if isinstance(error, dict) else bool(error)


def _amazons(value: Json) -> Json:
    """Return an exception of Amazon's streams, whose name is the only member, as an error."""
    name = next(iter(value), "")
    inner = value.get(name)
    if len(value) != 1 or not name.endswith("Exception") or not isinstance(inner, dict):
        return value
    return {"error": {"type": name, **inner}}


def _says_error(value: Json) -> bool:
    if is_told(value.get("error")) or "error" in (value.get("object"), value.get("type")):
        return True
    if "detail" in value:
        return bool(value["detail"])
    if value.get("errors") or value.get("fault") or value.get("success") is False:
        return True
    has_message = any(isinstance(value.get(name), str) for name in _MESSAGES)
    is_kind_of_one = text_of(value.get("type")).lower().endswith(_ERROR)
    return has_message and (
        is_kind_of_one or any(_marks_failure(value.get(mark)) for mark in _MARKS)
    )


def _marks_failure(mark: object) -> bool:
    """Whether a number or a name stands for a failure, rather than for something that goes well."""
    if _is_number(mark, _BASE_DIGITS):
        mark = int(mark)
    if isinstance(mark, str):
        return bool(mark) and mark.lower() not in _WELL
    return bool(mark) and not (type(mark) is int and 0 < mark < _FIRST_FAILURE)


def _status_of(value: Json) -> int:
    inner = value.get("error")
    if isinstance(inner, list) and inner:
        inner = inner[0]
    objects = [one for one in (inner, value) if isinstance(one, dict)]
    numbers = (_status(one.get(name)) for one in objects for name in _STATUS_NAMES)
    names = (_STATUSES.get(str(one.get(name))) for one in objects for name in _KIND_NAMES)
    return _first(numbers) or _first(names) or _UNTOLD


def _first(statuses: Iterable[int | None]) -> int | None:
    return next((status for status in statuses if status), None)


def _status(value: object) -> int | None:
    """Return the number if it is an error's status of HTTP, written as a number or as text."""
    if _is_number(value, _STATUS_DIGITS):
        value = int(value)
    is_status = type(value) is int and 400 <= value < 600  # noqa: PLR2004
    return value if is_status else None  # type: ignore[return-value]


def _is_number(value: object, most_digits: int) -> TypeGuard[str]:
    """Whether this is a number, written as text."""
    if not isinstance(value, str) or not 0 < len(value) <= most_digits:
        return False
    return value.isascii() and value.isdecimal()
