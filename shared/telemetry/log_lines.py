"""The form of a log line, as text or as JSON: one for all processes. Pure.

Text: `2026-01-31T08:00:00.123Z INFO chat1@vm[42] message job=7 request_id=…`. What comes from
outside may hold line breaks or a terminal's control characters: they are written as escapes here,
so that no line of ours can be forged. JSON: one object a line, with the same members. Secrets are
blanked out here too, whoever wrote them into a message.
"""

from __future__ import annotations

import json
import logging
import re
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

#: What a line may tell beside its message: set as `extra`, or by what is under way.
FIELDS: Final = (
    *("job", "request_id", "key", "model", "provider", "method", "path", "status"),
    *("duration_ms", "address"),
)
#: Messages that begin so name the job with their first argument.
_OF_JOBS: Final = ("job %s", "delivery %s")
#: Most characters of a message, of a traceback, whose end tells most, and of a field.
_MESSAGE: Final = 8_192
_TRACEBACK: Final = 32_768
_FIELD: Final = 1_024
#: Shorter ones are no secrets, and would blank out half of each line.
_SHORTEST_SECRET: Final = 8
_BLANK: Final = "***"

#: Control characters, other line breaks, marks that turn the direction of text, half characters.
_UNSAFE: Final = re.compile(
    r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
#: What ends each of these can end no string of JSON: a line stays one when they are blanked out.
_CREDENTIALS: Final = (
    (re.compile(r"""://[^\s/?#"\\]*@"""), f"://{_BLANK}@"),
    (re.compile(r"\b(bearer|basic) +[\w.~+/=-]{8,}", re.IGNORECASE), rf"\1 {_BLANK}"),
    (re.compile(r"\b(?:ak-|sk-|gsk_|xai-|whsec_|whsk_)[\w+/=-]{8,}"), _BLANK),
    (
        re.compile(
            r"""([?&](?:[\w-]*key|token|signature|secret|[\w-]*password)=)[^\s&#'"\\]+""",
            re.IGNORECASE,
        ),
        rf"\1{_BLANK}",
    ),
)
#: One of these is in every text that holds any of the above.
_HINTS: Final = ("://", "earer ", "asic ", "EARER ", "ASIC ", "k-", "k_", "ai-", "sec_", "?", "&")

About = Callable[[], Mapping[str, Any]]


class Lines(logging.Formatter):
    """What both forms share. `about` tells what is under way where a line is written."""

    def __init__(self, process: str, about: About = dict, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        self._process = process
        self._about = about
        known = [one for one in secrets if len(one) >= _SHORTEST_SECRET]
        # As they are, and as they are written in JSON.
        self._secrets = tuple(dict.fromkeys([*known, *(json.dumps(one)[1:-1] for one in known)]))
        self._second: tuple[int, str] = (-1, "")

    def _time(self, created_s: float) -> str:
        """Return the moment in ISO 8601, UTC; its seconds are worked out once."""
        second = int(created_s)
        if second != self._second[0]:
            self._second = (second, time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second)))
        return f"{self._second[1]}.{int(created_s % 1 * 1000):03d}Z"

    def _message(self, record: logging.LogRecord) -> str:
        return self._bounded(record.getMessage().strip(), _MESSAGE)

    def _fields(self, record: logging.LogRecord) -> dict[str, Any]:
        found: dict[str, Any] = {}
        given, about = record.__dict__, self._about()
        if record.args and str(record.msg).startswith(_OF_JOBS):
            found["job"] = _first(record.args)
        for name in FIELDS:
            value = given.get(name)
            if value is None and name not in found:
                value = about.get(name)
            if value is not None and value != "":
                found[name] = value if isinstance(value, int) else self._bounded(str(value), _FIELD)
        return found

    def _traceback(self, record: logging.LogRecord) -> str:
        if not record.exc_info or record.exc_info[0] is None:
            return record.stack_info or ""
        text = "".join(traceback.format_exception(*record.exc_info)).rstrip()
        return self._tame(text)[-_TRACEBACK:]

    def _bounded(self, text: str, most: int) -> str:
        if len(text) <= most:
            return text
        # A secret that is cut in two would not be known as one.
        return f"{self._tame(text[: 2 * most])[:most]}… (of {len(text)} characters)"

    def _tame(self, text: str) -> str:
        """Return the text without secrets. Each line passes here as a whole, once."""
        for secret in self._secrets:
            if secret in text:
                text = text.replace(secret, _BLANK)
        for hint in _HINTS:
            if hint in text:
                break
        else:
            return text
        for pattern, blank in _CREDENTIALS:
            text = pattern.sub(blank, text)
        return text


class TextLines(Lines):
    """For people. A traceback follows on lines that begin with a bar, as no other line does."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and those of its traceback."""
        head = f"{self._time(record.created)} {record.levelname} {self._process}[{record.process}]"
        fields = "".join(f" {name}={_quoted(v)}" for name, v in self._fields(record).items())
        line = self._tame(f"{head} {escaped(self._message(record))}{fields}")
        trace = self._traceback(record)
        return (
            line + "".join(f"\n  | {escaped(one)}" for one in trace.split("\n")) if trace else line
        )


class JsonLines(Lines):
    """For machines. What is not ASCII is escaped: the line is valid in every encoding."""

    def format(self, record: logging.LogRecord) -> str:
        """Return one JSON object."""
        line: dict[str, Any] = {
            "time": self._time(record.created),
            "level": record.levelname,
            "process": self._process,
            "pid": record.process,
            "logger": record.name,
            "message": self._message(record),
            **self._fields(record),
        }
        if trace := self._traceback(record):
            line["traceback"] = trace
        return self._tame(json.dumps(line))


def escaped(text: str) -> str:
    """Return the text in one line that does nothing to a terminal."""
    return text if text.isprintable() else _UNSAFE.sub(_escape, text)


def _escape(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape", "surrogatepass").decode("ascii")


def _quoted(value: Any) -> str:
    if isinstance(value, int):
        return str(value)
    text = escaped(value)
    return json.dumps(text, ensure_ascii=False) if _needs_quotes(text) else text


_needs_quotes: Final = re.compile(r'[\s"=]').search


def _first(args: Any) -> Any:
    return args[0] if isinstance(args, tuple) else None
