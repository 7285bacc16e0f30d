"""The signature debugger: which accident was it?"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cli.api.callbacks import callbacks
from cli.api.signature_check import diagnose
from shared.security.signing import PrivateKey, SecretKey, new_private_key, signature_headers
from shared.settings import new_callback_secret

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
NOW_S = 1_700_000_000
BODY = '{"id":"1","text":"Grüße","n":1.50}'.encode()
COMPACT = '{"id":"1","text":"Grüße"}'.encode()


def signed(body: bytes = BODY, key: str = SECRET, webhook_id: str = "msg_7") -> dict[str, str]:
    headers = signature_headers([SecretKey(key)], webhook_id, NOW_S, body)
    return {**headers, "x-job-id": "7"}


def test_genuine_callback_has_no_problem() -> None:
    found = diagnose(SECRET, signed(), BODY, NOW_S)
    assert found.is_valid
    assert ("key id", SecretKey(SECRET).id) in found.facts


def test_header_names_come_in_any_casing_and_secrets_with_blanks_around() -> None:
    headers = {name.title(): value for name, value in signed().items()}
    assert diagnose(f' "{SECRET}"\n', headers, BODY, NOW_S).is_valid


def test_either_signature_of_a_rotation_is_enough() -> None:
    new = new_callback_secret()
    headers = signature_headers([SecretKey(new), SecretKey(SECRET)], "msg_7", NOW_S, BODY)
    assert diagnose(SECRET, headers, BODY, NOW_S).is_valid
    assert diagnose(new, headers, BODY, NOW_S).is_valid


def test_public_key_verifies_the_asymmetric_signature() -> None:
    pair, other = PrivateKey(new_private_key()), PrivateKey(new_private_key())
    headers = signature_headers([SecretKey(SECRET), pair], "msg_7", NOW_S, BODY)
    assert diagnose(pair.public_key, headers, BODY, NOW_S).is_valid
    assert not diagnose(other.public_key, headers, BODY, NOW_S).is_valid
    assert "no v1a signature" in diagnose(pair.public_key, signed(), BODY, NOW_S).problems[0]


PRETTY = json.dumps(json.loads(COMPACT), indent=2, ensure_ascii=False).encode()
ASCII = json.dumps(json.loads(COMPACT)).encode()


@pytest.mark.parametrize(
    ("original", "received", "problem"),
    [
        pytest.param(COMPACT, COMPACT + b"\n", "newline was added", id="newline added"),
        pytest.param(COMPACT + b"\n", COMPACT, "newline at its end was removed", id="stripped"),
        pytest.param(COMPACT, PRETTY, "serialised again", id="indented"),
        pytest.param(COMPACT, ASCII, "serialised again", id="escaped and spaced"),
        pytest.param(PRETTY, COMPACT, "serialised again", id="compacted"),
        pytest.param(
            COMPACT,
            COMPACT.decode("latin-1").encode(),
            "read as Latin-1",
            id="decoded as Latin-1",
        ),
        pytest.param(
            COMPACT, COMPACT.decode().encode("latin-1"), "written as Latin-1", id="Latin-1"
        ),
        pytest.param(COMPACT, COMPACT.decode().encode("utf-16"), "UTF-16", id="UTF-16"),
        pytest.param(COMPACT, b"\xef\xbb\xbf" + COMPACT, "byte order mark", id="BOM"),
        pytest.param(b"a\nb", b"a\r\nb", "CRLF", id="line ends"),
        pytest.param(
            COMPACT, json.dumps(COMPACT.decode()).encode(), "JSON string", id="quoted twice"
        ),
    ],
)
def test_changed_body_is_recognised(original: bytes, received: bytes, problem: str) -> None:
    [told] = diagnose(SECRET, signed(original), received, NOW_S).problems
    assert "the body was changed" in told
    assert problem in told


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        pytest.param({"webhook-id": "7"}, "webhook-id was changed", id="bare id"),
        pytest.param({"webhook-id": "evt_1"}, "for 'msg_7'", id="another id"),
        pytest.param({"webhook-id": ""}, "missing header: webhook-id", id="no id"),
        pytest.param({"webhook-timestamp": "soon"}, "not a number", id="timestamp is text"),
        pytest.param({"webhook-timestamp": f"{NOW_S}000"}, "milliseconds", id="milliseconds"),
        pytest.param({"webhook-signature": "v1"}, "not 'v1,<base64>'", id="no comma"),
        pytest.param({"webhook-signature": "v1,!"}, "not 'v1,<base64>'", id="no base64"),
        pytest.param({"webhook-signature": "v9,AAAA"}, "no v1 signature", id="another version"),
        pytest.param({"webhook-timestamp": str(NOW_S - 1)}, "another key signed", id="changed"),
    ],
)
def test_changed_headers_are_named(change: dict[str, str], problem: str) -> None:
    assert problem in diagnose(SECRET, {**signed(), **change}, BODY, NOW_S).problems[0]


@pytest.mark.parametrize(
    ("secret", "problem"),
    [
        pytest.param("whsec_!!", "not base64", id="not base64"),
        pytest.param("", "not base64", id="empty"),
        pytest.param(SECRET[:-12], "cut off", id="cut off"),
        pytest.param(new_private_key(), "private key", id="private key"),
        pytest.param("whpk_AAAA", "32 bytes", id="short public key"),
        pytest.param(new_callback_secret(), "another key signed", id="another secret"),
    ],
)
def test_unfit_secret_is_named(secret: str, problem: str) -> None:
    assert problem in diagnose(secret, signed(), BODY, NOW_S).problems[0]


@pytest.mark.parametrize(("age_s", "problem"), [(301, "stale"), (-301, "in the future")])
def test_time_outside_the_tolerance_is_the_only_problem_when_the_rest_fits(
    age_s: int, problem: str
) -> None:
    [told] = diagnose(SECRET, signed(), BODY, NOW_S + age_s).problems
    assert problem in told


def test_other_senders_headers_are_pointed_out() -> None:
    [told] = diagnose(SECRET, {"svix-signature": "v1,x"}, BODY, NOW_S).problems
    assert "svix" in told


# --- the command ----------------------------------------------------------------------------------


def verify(*arguments: str, stdin: bytes = b"") -> tuple[int, str]:
    outcome = CliRunner().invoke(
        callbacks, ["verify", "--secret", SECRET, "--at", str(NOW_S), *arguments], input=stdin
    )
    return outcome.exit_code, outcome.output


def test_verify_takes_a_whole_request_from_a_file(tmp_path: Path) -> None:
    lines = [f"{name}: {value}" for name, value in signed().items()]
    file = tmp_path / "request"
    file.write_bytes("\r\n".join(["POST /cb HTTP/1.1", *lines, "", ""]).encode() + BODY)
    assert verify("--request", str(file)) == (0, verify("--request", str(file))[1])
    status, output = verify("--request", str(file), "--id", "msg_8")
    assert status == 1
    assert "INVALID: the webhook-id was changed" in output
    assert SECRET not in output


@pytest.mark.parametrize("form", ["lines", "json", "options"])
def test_verify_takes_headers_in_any_form(tmp_path: Path, form: str) -> None:
    headers = signed()
    file = tmp_path / "headers"
    file.write_text(
        json.dumps({name: [value] for name, value in headers.items()})
        if form == "json"
        else "\n".join(f"{name.title()}: {value}" for name, value in headers.items())
    )
    given = ["--headers", str(file)]
    if form == "options":
        given = ["--id", "msg_7", "--timestamp", str(NOW_S)]
        given += ["--signature", headers["webhook-signature"]]
    status, output = verify("--body", "-", *given, stdin=BODY)
    assert (status, "valid: the signature verifies" in output) == (0, True)


def test_verify_without_a_callback_is_a_mistake() -> None:
    assert verify()[0] == 2
