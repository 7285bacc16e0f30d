"""`replyto dtos`: fetches typed DTOs in a language from a gateway, or brings a file up to date."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

import click
import requests
from pydantic import ValidationError

from cli.api.gateway import own_url
from cli.api.options import at_url
from cli.files import read_text, write_whole
from cli.reasons import why_no_answer
from codegen.registry import LANGUAGES, language_of
from shared.settings import Settings, first_wrong

#: Longest wait for the file (seconds).
_TIMEOUT_S: Final = 60.0
#: How the headers of all languages end.
_ENDS: Final = ("*/", "*)", '"""')
#: An option that is set: neither `//` nor `#` nor a second apostrophe stands before it.
_is_option: Final = re.compile(r"(?:'|/// )?([A-Z]\w+): (.+)").fullmatch
_base_url: Final = re.compile(r"^[' /]*BaseUrl: (\S+)", re.MULTILINE)


def _language(_: click.Context, __: click.Parameter, value: str) -> str:
    if (found := language_of(value)) is None:
        names = ", ".join(one.key for one in LANGUAGES)
        raise click.BadParameter(f"there is no language '{value}'; there are {names}")
    return found.key


def _option(_: click.Context, __: click.Parameter, values: tuple[str, ...]) -> dict[str, str]:
    pairs = [value.partition("=") for value in values]
    if wrong := next((name for name, equals, _ in pairs if not equals), None):
        raise click.BadParameter(f"write it as Name=Value, not '{wrong}'")
    return {name.strip(): value for name, _, value in pairs}


@click.command()
@click.argument("language", callback=_language)
@at_url
@click.option("--include", metavar="TYPES", help="Only these: Name, Name.*, {tag}; with commas.")
@click.option("--option", "-o", "more", multiple=True, callback=_option, metavar="NAME=VALUE")
@click.option("--out", type=click.Path(dir_okay=False, path_type=Path), help="The file to write.")
def dtos(
    language: str, url: str | None, include: str | None, more: dict[str, str], out: Path | None
) -> None:
    """Write the DTOs of a gateway's endpoints in LANGUAGE, for typed clients.

    Without --out they are printed. A file that is there already is brought up to date: from the
    gateway that it names unless --url says another, with the options that stand in it.
    """
    asked = {**more, **({"IncludeTypes": include} if include else {})}
    before = read_text(out) if out and out.is_file() else ""
    place = url or _named_in(before) or _own_url()
    text = _fetched(place, language, {**_options_in(before), **asked})
    if out is None:
        click.echo(text, nl=False)
        return
    write_whole(out, [text.encode()])
    click.echo(f"{'Updated' if before else 'Wrote'} {out}")


def _named_in(text: str) -> str | None:
    found = _base_url.search(text[:10_000])
    return found[1] if found else None


def _options_in(text: str) -> dict[str, str]:
    """Return the options of a file's header that are no comments."""
    found: dict[str, str] = {}
    lines = text[:20_000].splitlines()
    start = next((at for at, line in enumerate(lines) if _base_url.match(line)), len(lines))
    for line in lines[start + 1 :]:
        # VB.NET's header has no end but an empty line; others may hold one.
        if line.startswith(_ENDS) or (not line and lines[start].startswith("'")):
            break
        if option := _is_option(line):
            found[option[1]] = option[2]
    return found


def _own_url() -> str:
    try:
        return own_url(Settings())  # type: ignore[call-arg,unused-ignore]
    except ValidationError as exc:
        raise click.ClickException(first_wrong(exc)) from None


def _fetched(url: str, language: str, options: dict[str, str]) -> str:
    session = requests.Session()
    session.trust_env = False
    place = f"{url.rstrip('/')}/types/{language}"
    try:
        answer = session.get(place, params=options, timeout=_TIMEOUT_S)
    except requests.RequestException as exc:
        raise click.ClickException(f"no answer from {url}: {why_no_answer(exc)}") from None
    if answer.ok and answer.headers.get("Content-Type", "").startswith("text/"):
        return answer.text
    raise click.ClickException(f"{place} answered {answer.status_code}: {_reason(answer)}")


def _reason(answer: requests.Response) -> str:
    try:
        return str(answer.json()["responseStatus"]["message"])
    except (ValueError, KeyError, TypeError):
        return "this is no answer of ReplyTo"
