"""Decides whose matter a refused call is, by its status and what was said. Pure.

Statuses are HTTP's and those that the field made up (498, 499, 52x, 529). What was said counts only
where a status alone does not tell, and never where it may be the request's own words.
"""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Final

from workers.providers.base import Blame
from workers.providers.told_errors import Told

#: Statuses that another try may cure. OpenAI's SDK retries the first three; 420 is an old word for
#: 429, 421 wants another connection, 424 is how Hugging Face's server tells that its model failed,
#: 425 that it came too early, 460 and 499 that a proxy hung up, 498 that Groq has no capacity.
_TRANSIENT: Final = frozenset((408, 409, 429, 420, 421, 424, 425, 460, 498, 499))
#: A gateway's own: nothing that a request to the right place gets.
_SETTINGS: Final = frozenset((407, 426, 511))
#: Where 4xx ends and server errors begin; the one that no other try may cure, for it says that this
#: server has no such operation.
_SERVER_ERROR: Final = 500
_NOT_IMPLEMENTED: Final = 501
#: Statuses with which APIs tell that nobody pays.
_MAY_BE_BILLING: Final = frozenset((400, 402, 403, 412, 429))
_MAY_BE_MODEL: Final = frozenset((400, 401, 403, 404))
#: Statuses that are the request's matter, unless what is said is about this provider alone.
_MAY_BE_ITS_OWN: Final = frozenset((400, 404, 413, 422))

_BILLING_CODES: Final = frozenset(
    (
        *("insufficient_quota", "billing_hard_limit_reached", "billing_not_active", "arrearage"),
        *("billing_error", "insufficient_balance", "insufficient_credits", "payment_required"),
        *("exceeded_current_quota_error", "insufficient_balance_error", "account_deactivated"),
        *("budget_exceeded", "organization_restricted"),
    )
)
_says_billing = re.compile(
    r"(your )?credit balance is too low|insufficient (account )?(balance|credits?|funds)"
    r"|(your account|you) (has|have) insufficient (balance|credits?|funds)"
    r"|(your|this) (account|team|organization)\b.{0,80}\b(used all available credits|is in arrears"
    r"|spending limit)|access denied, please make sure your account is in good standing"
    r"|you have reached your specified (\w+ )?api usage limits|budget has been exceeded"
    r"|(this |your )?organization has been (disabled|restricted)",
    re.IGNORECASE,
).match
_MODEL_CODES: Final = frozenset(
    (
        *("model_not_found", "model_not_available", "model_not_exist", "unknown_model"),
        *("key_model_access_denied", "team_model_access_denied", "deploymentnotfound"),
        *("model_access_denied", "modelnotopen", "model_deprecated", "model_decommissioned"),
    )
)
_says_model = re.compile(
    r"(the )?model:? [`'\"]?[^\s`'\"]+[`'\"]? (does not exist|not found|is not (found|available))"
    r"|model: |model [^\s]+ not found|no (such|allowed) model|(the )?deployment .* does not exist"
    r"|no endpoints found|project .{0,100} does not have access to model"
    r"|models/\S+ is not found for api version|publisher model|this model version has reached"
    r"|no allowed providers are available|no models loaded|function '[^']+': not found for account",
    re.IGNORECASE,
).match
#: What is said of a key that is refused with a 400 (by Google, xAI).
_says_key = re.compile(
    r"api key (not valid|expired|not found)|(incorrect|invalid) api key"
    r"|multiple authentication credentials received",
    re.IGNORECASE,
).match
#: What this provider's rules, its settings or its place forbid, and another one may do.
_OWN_CODES: Final = frozenset(
    (
        *("content_filter", "content_policy_violation", "moderation_blocked", "invalid_prompt"),
        *("data_inspection_failed", "responsibleaipolicyviolation", "1301"),
        *("model_not_supported", "unsupported_model", "invalid_model", "operationnotsupported"),
        # Beside these statuses: one request has more tokens than it takes in a minute (Groq).
        "rate_limit_exceeded",
    )
)
_says_own = re.compile(
    # Its rules.
    r"content management policy|content filtering policy|content exists risk|inappropriate content"
    r"|flagged as potentially violating|rejected (by|as a result of) (our|the) safety system"
    r"|user location is not supported|organization must be verified"
    # The model that the operator has named, which no client can.
    r"|model not found, |no models? (is |are )?loaded|failed to load model|model not exist"
    r"|invalid model\b|is not a valid model id|provided model identifier is invalid"
    r"|invocation of model id|no 'model_name' with this string|real modelid|模型不存在"
    r"|no router for requested model|requested model .{0,200} is not supported"
    # What it cannot do with this model, or was not told to.
    r"|does not support (chat completions|tools?|thinking|images?|the .{1,30} api)\b"
    r"|only supported in v1/|not supported in the v1/|not a chat model"
    r"|does not work with the specified model|requires (--|enabling)|please configure ",
    re.IGNORECASE,
).search
_says_context = re.compile(
    r"maximum context length|context[_ ]length[_ ]exceeded|context window|prompt is too long"
    r"|exceeds? the (available |model'?s? )?(maximum )?context (size|length|limit)"
    r"|input is too long for requested model|exceed_context_size|too large for model with"
    r"|input token count .{0,40}exceeds the maximum|input length and `?max_tokens`? exceed context"
    r"|`?inputs`? tokens \+ `?max_new_tokens`? must be|tokens?.{0,40}exceeds? .{0,20}context"
    r"|model'?s context length|with context length of only|maximum (prompt|input) length"
    r"|maximum model length|exceeded model token limit|range of input length should be"
    r"|must have less than [0-9]+ tokens|too many tokens: size limit",
    re.IGNORECASE,
).search
#: What servers say of an address that they have not got, be it of this one operation; or of
#: nothing by its name.
_says_no_address = re.compile(
    r"(404:? )?((page|resource|file|path|route|url|endpoint|model) )?not found[.!]?$"
    r"|invalid url|unknown request url|unrecognized request url|no route matched|cannot post /",
    re.IGNORECASE,
).match
#: The code that clients look for when a prompt is too long for the model.
CONTEXT_LENGTH_EXCEEDED: Final = "context_length_exceeded"
_MAY_BE_CONTEXT: Final = frozenset((400, 413, 422, 500))


def is_transient(status: int) -> bool:
    """Whether another try may cure this status."""
    return status in _TRANSIENT or (status >= _SERVER_ERROR and status != _NOT_IMPLEMENTED)


def blame_of(status: int, told: Told, request: bytes, *, is_page: bool = False) -> Blame:
    """Say whose matter an answer is. `is_page`: it was a page for people, no API's answer."""
    if status < HTTPStatus.BAD_REQUEST or status in _SETTINGS:
        return Blame.SETTINGS
    if _is_billing(status, told, request):
        return Blame.BILLING
    if status in _MAY_BE_MODEL and _is_about_model(status, told, request):
        return Blame.MODEL
    by_status = _BY_STATUS.get(status)
    if by_status is not None:
        return by_status
    return (
        Blame.PROVIDER
        if is_transient(status)
        else _blame_by_words(status, told, request, is_page=is_page)
    )


def _blame_by_words(status: int, told: Told, request: bytes, *, is_page: bool) -> Blame:
    """Say whose matter a refusal is that may be the request's."""
    if status == HTTPStatus.BAD_REQUEST and _is_said(_says_key(told.message), request):
        return Blame.KEY
    is_not_found = status == HTTPStatus.NOT_FOUND
    is_its_own = status in _MAY_BE_ITS_OWN and _is_its_own(status, told, request)
    if is_its_own or (is_page and not is_not_found):
        # No API answers with a page: a proxy before it did, such as one that takes less.
        return Blame.FORBIDDEN
    return _blame_of_not_found(told, is_page=is_page) if is_not_found else Blame.REQUEST


def _blame_of_not_found(told: Told, *, is_page: bool) -> Blame:
    if is_page:
        # No API answers so: the address is wrong, or something stands before it.
        return Blame.SETTINGS
    # It may lack this one operation, so nothing is said against it; another one may have it.
    has_no_address = told.is_silent or _says_no_address(told.message)
    return Blame.FORBIDDEN if has_no_address else Blame.REQUEST


_BY_STATUS: Final = {
    401: Blame.KEY,
    402: Blame.BILLING,
    403: Blame.FORBIDDEN,
    # It has no such operation there, as may be told by a 404: others it has.
    405: Blame.FORBIDDEN,
    451: Blame.FORBIDDEN,
    _NOT_IMPLEMENTED: Blame.FORBIDDEN,
}


def is_too_long(status: int, told: Told) -> bool:
    """Whether the answer says that the prompt is too long for the model."""
    said = told.code == CONTEXT_LENGTH_EXCEEDED or _says_context(f"{told.type} {told.message}")
    return status in _MAY_BE_CONTEXT and bool(said)


def _is_billing(status: int, told: Told, request: bytes) -> bool:
    if status not in _MAY_BE_BILLING:
        return False
    if {told.code, told.type} & _BILLING_CODES or (told.code or "").lower() in _BILLING_CODES:
        return True
    return _is_said(_says_billing(told.message), request)


def _is_about_model(status: int, told: Told, request: bytes) -> bool:
    if (told.code or "").lower() in _MODEL_CODES:
        return True
    # A 400 speaks of the model in many ways: only its code is taken for it.
    return status != HTTPStatus.BAD_REQUEST and _is_said(_says_model(told.message), request)


def _is_its_own(status: int, told: Told, request: bytes) -> bool:
    """Whether a refusal is about this provider: its rules, its settings, its name of the model."""
    if is_too_long(status, told):
        return False
    names = {(told.code or "").lower(), told.type.lower()}
    is_by_name = bool(names & _OWN_CODES) or told.param == "model"
    return is_by_name or _is_said(_says_own(told.message), request)


def _is_said(found: re.Match[str] | None, request: bytes) -> bool:
    """Whether the provider said it, rather than quote what the request has in it."""
    return found is not None and found[0].lower().encode() not in request.lower()
