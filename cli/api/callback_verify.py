"""`replyto callbacks verify`: says whether a callback is genuine, and if not, why."""

from __future__ import annotations

import json
import sys
import time
from typing import BinaryIO

import click

from cli.api.gateway import own_callback_secret
from cli.api.signature_check import Diagnosis, diagnose
from cli.console import Console

_SIGNED = ("webhook-id", "webhook-timestamp", "webhook-signature")


@click.command()
@click.option("--secret", help="whsec_… or whpk_…  Default: the secret of this ReplyTo.")
@click.option("--request", "request_file", type=click.File("rb"), help="Headers, blank line, body.")
@click.option("--headers", "headers_file", type=click.File("rb"), help="'Name: value' lines, JSON.")
@click.option("--body", "body_file", type=click.File("rb"), help="The body's bytes; - for stdin.")
@click.option("--id", "webhook_id", help="The header webhook-id.")
@click.option("--timestamp", help="The header webhook-timestamp.")
@click.option("--signature", help="The header webhook-signature.")
@click.option("--at", "at_s", type=float, help="Judge as of this moment (unix seconds).")
@click.option("--no-color", is_flag=True, help="Print without colors.")
def verify(
    *,
    secret: str | None,
    request_file: BinaryIO | None,
    headers_file: BinaryIO | None,
    body_file: BinaryIO | None,
    webhook_id: str | None,
    timestamp: str | None,
    signature: str | None,
    at_s: float | None,
    no_color: bool,
) -> None:
    """Say whether a callback is genuine and, if not, why.

    Give what came in as one --request file, or as --body with --headers or with --id, --timestamp
    and --signature. The exit status is 0 if it verifies, else 1.
    """
    if request_file is not None:
        headers, body = parse_request(request_file.read())
    elif body_file is not None:
        body = body_file.read()
        headers = parse_headers(headers_file.read()) if headers_file is not None else {}
    else:
        raise click.UsageError("give the callback: --request FILE, or --body FILE")
    given = zip(_SIGNED, (webhook_id, timestamp, signature), strict=True)
    headers |= {name: value for name, value in given if value is not None}
    now_s = time.time() if at_s is None else at_s
    found = diagnose(secret or own_callback_secret(), headers, body, now_s)
    console = Console(color=False if no_color else None)
    console.say(describe(found, console))
    sys.exit(0 if found.is_valid else 1)


def describe(found: Diagnosis, console: Console) -> str:
    """Return the text that shows what was found."""
    facts = [f"  {name:<12} {value}" for name, value in found.facts]
    if found.is_valid:
        return "\n".join([*facts, console.style("valid: the signature verifies", fg="green")])
    problems = [console.style(f"INVALID: {text}", fg="red") for text in found.problems]
    return "\n".join([*facts, *problems])


def parse_request(raw: bytes) -> tuple[dict[str, str], bytes]:
    """Split a request as it came over the wire; a request line before the headers is skipped."""
    ends = [(raw.find(blank), len(blank)) for blank in (b"\r\n\r\n", b"\n\n")]
    found = [end for end in ends if end[0] >= 0]
    if not found:
        raise click.UsageError("--request has no blank line between headers and body")
    at, length = min(found)
    return parse_headers(raw[:at]), raw[at + length :]


def parse_headers(raw: bytes) -> dict[str, str]:
    """Read headers: lines 'Name: value', or a JSON object."""
    text = raw.decode("utf-8", "replace")
    if text.lstrip().startswith("{"):
        try:
            return {str(name).lower(): _first(value) for name, value in json.loads(text).items()}
        except ValueError as exc:
            raise click.UsageError(f"the headers are not JSON: {exc}") from exc
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip().lower(): value.strip() for name, colon, value in pairs if colon}


def _first(value: object) -> str:
    """Return a header's value; some frameworks log a list of them."""
    return str(value[0]) if isinstance(value, list) and value else str(value)
