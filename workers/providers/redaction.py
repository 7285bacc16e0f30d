"""Takes the gateway's secrets out of what providers say. Pure.

An API that refuses a key likes to quote it: whole, as `sk-ab***yz`, or only how it begins.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterable
from typing import Any, Final
from urllib.parse import quote, quote_plus, unquote

from shared.codecs.plain_text import printable
from shared.providers.extras import names_secret
from workers.providers.base import ProviderCall

REDACTED: Final = "[redacted]"
#: Texts shorter than this are no secrets, and stand in too many words (characters).
_LEAST: Final = 4
#: A word that begins or ends as a secret does, for so many characters, is a part of it.
_PART: Final = 8
#: The same for a word whose middle is masked.
_MASKED_PART: Final = 3

# Keys by how those of the usual providers begin; a word such as `sk-learn` has no digit in it. What
# is looked for behind a beginning is near: a long word of them would be read again from each.
_looks_like_key = re.compile(
    r"\b(?:sk|pk|rk|gsk|xai|hf|ak|csk|fw|nvapi|pplx|r8|tgp|ghp|glpat)[-_](?=[^\s\"']{0,256}[0-9*…])"
    r"[\w*….-]{6,}|\bAIza[\w*….-]{6,}|\bAKIA[A-Z0-9]{12,}|\beyJ[\w-]{1,512}\.[\w-]+\.[\w-]*"
)
_follows_scheme = re.compile(r"\b(bearer|basic)\s+[\w.~+/=*…-]{8,}", re.IGNORECASE)
_words = re.compile(r"[^\s\"'`<>(),;\[\]{}]+")
_mask = re.compile(r"\*{2,}|\.{3,}|…|[xX•●]{4,}")


def secrets_of(call: ProviderCall) -> frozenset[str]:
    """Return the texts of the call that nobody may read in an answer to it."""
    provider = call.provider
    own = [
        *_secret(call.headers, provider.headers),
        *_secret(call.query, provider.query),
        call.api_key or "",
        provider.base_url.password or "",
    ]
    return frozenset(form for one in own if len(one) >= _LEAST for form in _forms(one, call))


def _secret(pairs: Iterable[tuple[str, str]], configured: Any) -> list[str]:
    """Return the values that came from the environment, or whose name says that they are secret."""
    return [
        value
        for name, value in pairs
        if str(configured.get(name, "")).startswith("env:") or names_secret(name)
    ]


def _forms(secret: str, call: ProviderCall) -> list[str]:
    """Return how a secret may be written."""
    user = call.provider.base_url.username or ""
    basic = (f"{user}:{secret}", f":{secret}", f"{secret}:", secret)
    encoded = [base64.b64encode(one.encode()).decode() for one in basic]
    _, _, without_scheme = secret.partition(" ")
    plain = [secret, *([without_scheme] if len(without_scheme) >= _LEAST else [])]
    quoted = [form for one in plain for form in (quote(one, safe=""), quote_plus(one))]
    return [*plain, *quoted, unquote(secret), *encoded]


def redactor(secrets: frozenset[str]) -> Callable[[str], str]:
    """Return what takes these secrets, and all that looks like one, out of a text."""
    longest_first = sorted(secrets, key=len, reverse=True)

    def redacted(text: str) -> str:
        for secret in longest_first:
            text = text.replace(secret, REDACTED)
        text = _words.sub(lambda word: _word(word[0], longest_first), text)
        text = _follows_scheme.sub(lambda found: f"{found[1]} {REDACTED}", text)
        return _looks_like_key.sub(REDACTED, text)

    return redacted


def _word(word: str, secrets: list[str]) -> str:
    """Return the word, unless it is a part of a secret."""
    bare = word.strip(".:!?=")
    return word.replace(bare, REDACTED) if bare and _is_part(bare, secrets) else word


def _is_part(word: str, secrets: list[str]) -> bool:
    masked = _mask.search(word)
    if masked is None:
        return len(word) >= _PART and any(s.startswith(word) or s.endswith(word) for s in secrets)
    head, tail = word[: masked.start()], word[masked.end() :]
    tail = tail.lstrip("*.…xX•●")
    begins = len(head) >= _MASKED_PART and any(secret.startswith(head) for secret in secrets)
    ends = len(tail) >= _MASKED_PART and any(secret.endswith(tail) for secret in secrets)
    return begins or ends


def cleaned(value: object, redacted: Callable[[str], str], depth: int = 0) -> Any:
    """Return JSON with all its texts redacted and without control characters; not too deep."""
    if isinstance(value, str):
        return printable(redacted(value))
    if depth > 20:  # noqa: PLR2004
        return None
    if isinstance(value, list):
        return [cleaned(one, redacted, depth + 1) for one in value]
    if isinstance(value, dict):
        return {
            str(cleaned(name, redacted, depth + 1)): cleaned(one, redacted, depth + 1)
            for name, one in value.items()
        }
    return value
