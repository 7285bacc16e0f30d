"""The examples of docs/callbacks.md, run as they stand there against a callback that came in."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import shutil
import subprocess
import time
import uuid
from pathlib import Path
from typing import Any

import pytest

from tests.acceptance.system.api import chat
from tests.acceptance.system.receiver import Callback
from tests.acceptance.system.stack import Stack

PAGE = Path(__file__).parents[3] / "docs" / "callbacks.md"
NODE_DRIVER = """
const given = JSON.parse(await new Response(process.stdin).text());
const body = Buffer.from(given.body, "base64");
console.log(isGenuine(given.secret, given.headers, body));
"""
PHP_DRIVER = """
$given = json_decode(file_get_contents('php://stdin'), true);
$of = fn(string $name): string => $given['headers']["webhook-$name"];
$body = base64_decode($given['body']);
$genuine = is_genuine($given['secret'], $of('id'), $of('timestamp'), $of('signature'), $body);
echo $genuine ? 'true' : 'false';
"""


def snippet(title: str) -> str:
    """Return the code block that follows the line that begins with this title."""
    text = PAGE.read_text("utf-8")
    found = re.search(
        rf"^{re.escape(title)}[^\n]*:\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    )
    assert found, f"no example after {title!r}"
    return found[1]


def run_python(title: str) -> dict[str, Any]:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(snippet(title), title, "exec"), names)
    return names


@pytest.fixture(scope="module")
def callback(stack: Stack) -> Callback:
    """A callback as the receiver of a real job got it; its text has letters beyond ASCII."""
    path = f"/callbacks/{uuid.uuid4().hex}"
    with stack.api() as api:
        api.queue(chat("demo-echo", "Grüße, 世界"), replyTo=stack.receiver.url(f"{path}?order=42"))
    return stack.receiver.wait_for(path)[0]


def test_python_example_tells_genuine_from_changed(stack: Stack, callback: Callback) -> None:
    is_genuine = run_python("Python")["is_genuine"]
    assert is_genuine(stack.callback_secret, callback.headers, callback.body)
    assert not is_genuine(stack.callback_secret, callback.headers, callback.body + b" ")
    assert not is_genuine(stack.callback_secret, {}, callback.body)
    assert not is_genuine(stack.callback_secret, callback.headers, b"\xff")


def test_flask_example_takes_the_genuine_callback_only(
    stack: Stack,
    callback: Callback,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CALLBACK_SECRET", stack.callback_secret)
    client = run_python("Flask")["app"].test_client()
    headers = {n: v for n, v in callback.headers.items() if n != "content-length"}

    def post(body: bytes, without: str = "") -> int:
        sent = {name: value for name, value in headers.items() if name != without}
        return int(client.post("/cb?order=42", data=body, headers=sent).status_code)

    assert post(callback.body) == 204
    assert "42" in capsys.readouterr().out
    assert post(callback.body.replace(b"{", b"{ ", 1)) == 401
    assert post(callback.body, without="webhook-signature") == 401


@pytest.mark.parametrize("changed", [False, True], ids=["genuine", "changed"])
def test_node_example_tells_genuine_from_changed(
    stack: Stack, callback: Callback, tmp_path: Path, *, changed: bool
) -> None:
    script = tmp_path / "example.mjs"
    script.write_text(snippet("Node.js") + NODE_DRIVER, "utf-8")
    body = callback.body + (b"\n" if changed else b"")
    given = {
        "secret": stack.callback_secret,
        "headers": callback.headers,
        "body": base64.b64encode(body).decode(),
    }
    done = subprocess.run(
        ["node", str(script)],
        check=False,
        input=json.dumps(given).encode(),
        capture_output=True,
        timeout=60,
    )
    assert done.stdout.strip() == (b"false" if changed else b"true"), done.stderr


@pytest.mark.parametrize("secret", ["", "whsec_"])
@pytest.mark.parametrize("program", ["node", "php"])
def test_example_without_a_secret_takes_nothing(tmp_path: Path, program: str, secret: str) -> None:
    """Who forgot the variable must not take what anybody can sign: with an empty key."""
    if shutil.which(program) is None:
        pytest.skip(f"no {program}")
    if program == "node":
        script, text = tmp_path / "example.mjs", snippet("Node.js") + NODE_DRIVER
    else:
        function = snippet("PHP 8").partition("$genuine =")[0]
        script, text = tmp_path / "example.php", function + PHP_DRIVER
    script.write_text(text, "utf-8")
    body, at = b"{}", str(int(time.time()))
    signed = hmac.digest(b"", b"msg_1." + at.encode() + b"." + body, hashlib.sha256)
    headers = {
        "webhook-id": "msg_1",
        "webhook-timestamp": at,
        "webhook-signature": f"v1,{base64.b64encode(signed).decode()}",
    }
    given = {"secret": secret, "headers": headers, "body": base64.b64encode(body).decode()}
    done = subprocess.run(
        [program, str(script)],
        check=False,
        input=json.dumps(given).encode(),
        capture_output=True,
        timeout=60,
    )
    assert b"true" not in done.stdout
    assert b"CALLBACK_SECRET is not set" in done.stdout + done.stderr
