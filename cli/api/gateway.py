"""Calls of the gateway's API by commands; failures become one line for the user."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import click
import requests
from pydantic import SecretStr, ValidationError

from cli import running
from cli.files import read_text
from cli.reasons import why_no_answer
from shared.listen_address import reachable_host, url_host
from shared.settings import Settings, first_wrong

#: Longest wait for an answer (seconds): of a test, the callback's own limit and some more.
_TIMEOUT_S: Final = 60.0
#: The same of calls that wait for a model: the gateway gives up before.
_WAIT_S: Final = 900.0
#: Bytes of a file that are taken at once.
_PIECE: Final = 256 * 1024
_WAITING: Final = ("WaitForOpenAiChat", "ChatAiProvider")


class NoAnswer(click.ClickException):
    """Nobody answered, or who did cannot now: the same call may go well later."""


class NotThere(click.ClickException):
    """The gateway does not know what the call names."""


#: Answers after which the same call may go well.
_PASSING: Final = (408, 429, 500, 502, 503, 504)
_NOT_FOUND: Final = 404


class GatewayApi:
    """A gateway and the key for it. Raises click.UsageError for what can be no key."""

    def __init__(self, url: str, key: str) -> None:
        key = key.strip()
        if not (key.isascii() and key.isprintable()):
            raise click.UsageError("the key has characters that no key has: was it copied whole?")
        self._url = url.rstrip("/")
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.headers["Authorization"] = f"Bearer {key}"

    def call(self, dto: str, values: dict[str, Any]) -> dict[str, Any]:
        """Send a DTO, absent values left out; return the answer. Raises click.ClickException."""
        body = {name: value for name, value in values.items() if value is not None}
        answer = self._post(f"/api/{dto}", body, _WAIT_S if dto in _WAITING else _TIMEOUT_S)
        found = self._object(answer)
        if answer.ok and found is not None:
            return found
        raise self._failure(answer, found)

    def in_parts(self, dto: str, values: dict[str, Any]) -> Iterator[dict[str, Any]]:
        """Call for many until it came to all of them, or stays where it is: yield the answers."""
        after = values.get("after")
        while True:
            answer = self.call(dto, {**values, "after": after})
            yield answer
            before, after = after, answer.get("after")
            if after in (None, before):
                return

    def ask(self, verb: str, path: str, **options: Any) -> dict[str, Any]:
        """Call a path of another wire, with options of requests. Raises click.ClickException."""
        answer = self._send(verb, path, _WAIT_S, **options)
        found = self._object(answer)
        if answer.ok and found:
            return found
        raise self._failure(answer, found)

    def download(self, path: str) -> Iterator[bytes]:
        """Give the pieces of a file. Raises click.ClickException."""
        with self._send("GET", path, _WAIT_S, stream=True) as answer:
            if not answer.ok:
                raise self._failure(answer, self._object(answer))
            try:
                yield from answer.iter_content(_PIECE)
            except requests.RequestException as exc:
                raise NoAnswer(f"the file broke off: {why_no_answer(exc)}") from exc

    def stream(self, path: str, body: dict[str, Any]) -> Iterator[bytes]:
        """Give the lines of a streamed answer. Raises click.ClickException."""
        with self._post(path, body, _WAIT_S, stream=True) as answer:
            if not answer.ok:
                raise self._failure(answer, self._object(answer))
            try:
                yield from answer.iter_lines()
            except requests.RequestException as exc:
                raise click.ClickException(f"the answer broke off: {why_no_answer(exc)}") from exc

    def _post(
        self, path: str, body: dict[str, Any], timeout_s: float, *, stream: bool = False
    ) -> requests.Response:
        return self._send("POST", path, timeout_s, json=body, stream=stream)

    def _send(self, verb: str, path: str, timeout_s: float, **options: Any) -> requests.Response:
        try:
            return self._session.request(verb, f"{self._url}{path}", timeout=timeout_s, **options)
        except requests.RequestException as exc:
            raise NoAnswer(f"no answer from {self._url}: {why_no_answer(exc)}") from exc

    @staticmethod
    def _object(answer: requests.Response) -> dict[str, Any] | None:
        try:
            found = answer.json()
        except ValueError:
            return None
        return found if isinstance(found, dict) else None

    def _failure(
        self, answer: requests.Response, found: dict[str, Any] | None
    ) -> click.ClickException:
        error = (found or {}).get("error")
        reason = error.get("message") if isinstance(error, dict) else None
        reason = reason or "this is no answer of ReplyTo"
        told = f"{self._url} answered {answer.status_code}: {reason}"
        if answer.status_code in _PASSING:
            return NoAnswer(told)
        return (NotThere if answer.status_code == _NOT_FOUND else click.ClickException)(told)


def connect(url: str | None, key: str | None) -> GatewayApi:
    """Return the gateway that the options name, or the one of this data directory.

    Raises click.UsageError when there is no key.
    """
    settings = own_settings()
    return GatewayApi(url or own_url(settings), key or _own_key(settings))


def connect_as_admin(url: str | None, secret: str | None) -> GatewayApi:
    """Return the same, called with the admin secret. Raises click.UsageError when there is none."""
    settings = own_settings()
    return GatewayApi(url or own_url(settings), secret or own_admin_secret(settings))


def own_settings() -> Settings:
    """Return what the environment says, as it is: who only asks makes no secrets, nor a folder.

    Raises click.ClickException.
    """
    try:
        return Settings()  # type: ignore[call-arg,unused-ignore]
    except ValidationError as exc:
        raise click.ClickException(first_wrong(exc)) from None


def own_url(settings: Settings) -> str:
    """Return where the gateway of these settings is reached, by its public URL if it has one.

    What the environment says comes before what `replyto up` has noted in the data directory.
    """
    told = {"REPLYTO_BASE_URL", "REPLYTO_PORT", "REPLYTO_HOST"} & os.environ.keys()
    if not told and (noted := running.url_of(settings.data_dir)):
        return noted
    host = url_host(reachable_host(settings.host))
    return settings.base_url or f"http://{host}:{settings.port}"


def _own_key(settings: Settings) -> str:
    missing = "no API key: give --key, set REPLYTO_API_KEY, or run where {file} is"
    return _own(settings.api_key, settings.data_dir / "api_key", missing)


def own_admin_secret(settings: Settings) -> str:
    """Return the admin secret that there is. Raises click.UsageError when there is none."""
    missing = "no admin secret: set REPLYTO_AUTH_SECRET, or run where {file} is"
    return _own(settings.auth_secret, settings.data_dir / "auth_secret", missing)


def own_callback_secret() -> str:
    """Return what signs callbacks here; a secret made now would call each of them forged.

    Raises click.UsageError when there is none, or a damaged one.
    """
    settings = own_settings()
    file = settings.data_dir / "callback_secret"
    missing = (
        "no signing secret: give --secret, set REPLYTO_CALLBACK_SECRET, or run where {file} is "
        "(REPLYTO_DATA_DIR says where)"
    )
    secret = _own(settings.callback_secret, file, missing)
    try:
        return Settings(callback_secret=SecretStr(secret)).callback_secret.get_secret_value()
    except ValidationError:
        raise click.UsageError(f"the file {file} is damaged: no signing secret is in it") from None


def _own(setting: SecretStr, file: Path, missing: str) -> str:
    """Return what is set, or kept in the data directory. Raises click.ClickException."""
    if setting.get_secret_value():
        return setting.get_secret_value()
    if not file.exists():
        raise click.UsageError(missing.format(file=file))
    return read_text(file).strip()
