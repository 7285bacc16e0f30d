"""Finds out why a callback's signature does not verify. Pure.

Rules: Standard Webhooks specification, "Signature scheme". When the signature is not that of what
was received, the usual accidents are undone one at a time until it is.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from shared.security.signing import PUBLIC_KEY_PREFIX, SecretKey

#: How far a timestamp may be from now (seconds); what the libraries take.
TOLERANCE_S: Final = 300
_SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - no secret, but how they begin
_PUBLIC_KEY_BYTES: Final = 32
_LEAST_SECRET_BYTES: Final = 24
_MOST_SECRET_BYTES: Final = 64
_REQUIRED: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")
#: A number of seconds that has as many digits is one of milliseconds.
_MILLISECOND_DIGITS: Final = 13


@dataclass
class Diagnosis:
    """What was found: `problems` says what is wrong, `facts` what it was found with."""

    problems: list[str] = field(default_factory=list)
    facts: list[tuple[str, str]] = field(default_factory=list)

    @property
    def is_valid(self) -> bool:
        """Whether the signature verifies."""
        return not self.problems


@dataclass(frozen=True, slots=True)
class Verifier:
    """A secret or public key: which signatures it judges, and how."""

    version: str
    key_id: str
    fits: Callable[[bytes, bytes], bool]


class UnusableKey(Exception):
    """The text given is no secret and no public key; the message says why."""


def diagnose(key: str, headers: Mapping[str, str], body: bytes, now_s: float) -> Diagnosis:
    """Verify a callback with a `whsec_` secret or `whpk_` public key; say all that is wrong."""
    found = Diagnosis()
    given = {name.lower(): value for name, value in headers.items()}
    try:
        verifier = read_key(key)
    except UnusableKey as exc:
        found.problems.append(str(exc))
        return found
    found.facts.append(("key id", verifier.key_id))
    found.facts.append(("body", f"{len(body)} bytes, SHA-256 {hashlib.sha256(body).hexdigest()}"))
    missing = [name for name in _REQUIRED if not given.get(name)]
    if missing:
        found.problems.append(f"missing header: {', '.join(missing)}{_elsewhere(given)}")
        return found
    webhook_id, timestamp, header = (given[name].strip() for name in _REQUIRED)
    found.facts.append(("webhook-id", webhook_id))
    found.problems += _timestamp_problems(timestamp, now_s, found)
    signatures, malformed = _signatures(header, verifier.version)
    found.problems += malformed
    found.facts.append(("signatures", f"{len(signatures)} of version {verifier.version}"))
    if signatures and not _any_fits(verifier, signatures, webhook_id, timestamp, body):
        reason = _find_accident(verifier, signatures, given, body)
        found.problems.append(reason or _unexplained(verifier))
    elif not signatures and not malformed:
        found.problems.append(_other_version(header, verifier.version))
    return found


def read_key(text: str) -> Verifier:
    """Return what verifies with this key. Raises UnusableKey."""
    key = text.strip().strip("\"'")
    if key.startswith(PUBLIC_KEY_PREFIX):
        return _public_key(key)
    if key.startswith("whsk_"):
        raise UnusableKey("that is a private key (whsk_): verify with the public one (whpk_)")
    raw = _decode(key.removeprefix(_SECRET_PREFIX))
    if not raw:
        raise UnusableKey(
            "the secret is not base64: it should read whsec_ and base64, as it was shown"
        )
    if not _LEAST_SECRET_BYTES <= len(raw) <= _MOST_SECRET_BYTES:
        raise UnusableKey(
            f"the secret has {len(raw)} bytes; it should have {_LEAST_SECRET_BYTES} to "
            f"{_MOST_SECRET_BYTES}: is it cut off, or another kind of key?"
        )

    def fits(content: bytes, signature: bytes) -> bool:
        return hmac.compare_digest(hmac.digest(raw, content, "sha256"), signature)

    return Verifier("v1", SecretKey(_SECRET_PREFIX + key.removeprefix(_SECRET_PREFIX)).id, fits)


def _public_key(key: str) -> Verifier:
    raw = _decode(key.removeprefix(PUBLIC_KEY_PREFIX))
    if raw is None or len(raw) != _PUBLIC_KEY_BYTES:
        raise UnusableKey("the public key should be whpk_ and base64 of 32 bytes")
    public = Ed25519PublicKey.from_public_bytes(raw)

    def fits(content: bytes, signature: bytes) -> bool:
        try:
            public.verify(signature, content)
        except InvalidSignature:
            return False
        return True

    return Verifier("v1a", key[:16] + "…", fits)


def _decode(text: str) -> bytes | None:
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except ValueError:
        return None


def _elsewhere(given: Mapping[str, str]) -> str:
    other = sorted({name.split("-")[0] for name in given if name.endswith("-signature")})
    return f" (there are {', '.join(other)}-… headers: another sender's?)" if other else ""


def _timestamp_problems(text: str, now_s: float, found: Diagnosis) -> list[str]:
    if not (text.isascii() and text.isdecimal()):
        return [f"webhook-timestamp is not a number of seconds: {text!r}"]
    if len(text) >= _MILLISECOND_DIGITS:
        return ["webhook-timestamp is in milliseconds; it should be in seconds"]
    age_s = now_s - int(text)
    found.facts.append(("timestamp", f"{text}, {_age(age_s)}"))
    if abs(age_s) <= TOLERANCE_S:
        return []
    what = "stale" if age_s > 0 else "in the future"
    why = f"{_age(age_s)}, {TOLERANCE_S} s are allowed"
    return [f"the timestamp is {what} ({why}): an old callback, or a clock that is wrong"]


def _age(seconds: float) -> str:
    return f"{abs(seconds):.0f} s {'ago' if seconds >= 0 else 'ahead'}"


def _signatures(header: str, version: str) -> tuple[list[bytes], list[str]]:
    """Return the signatures of this version, and what is wrong with the header."""
    signatures, problems = [], []
    for entry in header.split():
        kind, comma, text = entry.partition(",")
        raw = _decode(text) if comma else None
        if raw is None:
            problems.append(f"webhook-signature has a part that is not 'v1,<base64>': {entry!r}")
        elif kind == version:
            signatures.append(raw)
    return signatures, problems


def _other_version(header: str, version: str) -> str:
    kinds = sorted({entry.partition(",")[0] for entry in header.split()})
    wanted = "a secret (whsec_)" if version == "v1a" else "a public key (whpk_)"
    return f"there is no {version} signature, only {', '.join(kinds)}: verify with {wanted}"


def _any_fits(
    verifier: Verifier, signatures: list[bytes], webhook_id: str, timestamp: str, body: bytes
) -> bool:
    content = f"{webhook_id}.{timestamp}.".encode() + body
    return any(verifier.fits(content, signature) for signature in signatures)


def _find_accident(
    verifier: Verifier, signatures: list[bytes], given: Mapping[str, str], body: bytes
) -> str | None:
    """Return what happened to the callback, if undoing it makes a signature fit."""
    webhook_id, timestamp = given["webhook-id"].strip(), given["webhook-timestamp"].strip()
    for what, original in _bodies(body):
        if _any_fits(verifier, signatures, webhook_id, timestamp, original):
            return f"the body was changed: {what}. Verify the bytes as they came in"
    for other in _ids(given):
        if _any_fits(verifier, signatures, other, timestamp, body):
            return f"the webhook-id was changed: the signature is for {other!r}, not {webhook_id!r}"
    if len(timestamp) >= _MILLISECOND_DIGITS and _any_fits(
        verifier, signatures, webhook_id, timestamp[:-3], body
    ):
        return "the timestamp was changed: the signature is for the one in seconds"
    return None


def _ids(given: Mapping[str, str]) -> Iterator[str]:
    webhook_id, job_id = given["webhook-id"].strip(), given.get("x-job-id", "").strip()
    yield f"msg_{webhook_id}"
    yield webhook_id.removeprefix("msg_")
    if job_id:
        yield f"msg_{job_id}"


def _bodies(body: bytes) -> Iterator[tuple[str, bytes]]:
    """Yield the bodies of which this one may be a changed form, and what the change was."""
    yield "a newline was added at its end", body.removesuffix(b"\n")
    yield "a newline was added at its end (CRLF)", body.removesuffix(b"\r\n")
    yield "the newline at its end was removed", body + b"\n"
    yield "white space around it was added", body.strip()
    yield "its line ends were changed to CRLF", body.replace(b"\r\n", b"\n")
    yield "its line ends were changed to LF", body.replace(b"\n", b"\r\n")
    yield "a byte order mark was put before it", body.removeprefix(b"\xef\xbb\xbf")
    yield from _other_encodings(body)
    yield from _other_json(body)


def _other_encodings(body: bytes) -> Iterator[tuple[str, bytes]]:
    for what, read, written in (
        ("it was read as Latin-1 and written as UTF-8", "utf-8", "latin-1"),
        ("it was read as Windows-1252 and written as UTF-8", "utf-8", "cp1252"),
        ("it was written as Latin-1 instead of UTF-8", "latin-1", "utf-8"),
        ("it was written as UTF-16 instead of UTF-8", "utf-16", "utf-8"),
    ):
        try:
            yield what, body.decode(read).encode(written)
        except UnicodeError:
            continue


def _other_json(body: bytes) -> Iterator[tuple[str, bytes]]:
    try:
        value = json.loads(body)
    except ValueError:
        return
    if isinstance(value, str):
        yield "it was encoded as a JSON string", value.encode("utf-8", "surrogatepass")
    for ascii_only in (False, True):
        for separators, indent in (((",", ":"), None), ((", ", ": "), None), ((",", ": "), 2)):
            text = json.dumps(value, ensure_ascii=ascii_only, separators=separators, indent=indent)
            original = text.encode("utf-8", "surrogatepass")
            yield "it was parsed and serialised again as JSON", original
            yield "it was parsed and serialised again as JSON", original + b"\n"


def _unexplained(verifier: Verifier) -> str:
    return (
        f"no signature fits this key ({verifier.key_id}): either another key signed (compare the "
        "id with GetCallbackKeys and with keyIds of GetDelivery), or body, id or timestamp were "
        "changed (compare the body's SHA-256 with bodySha256 of GetDelivery)"
    )
