"""Asks every provider for the usage of a stream, and shows it to clients that asked too.

A stream tells its tokens only on request (`stream_options.include_usage`). The job's result should
have them always, so the worker asks for itself; what its asking adds to the stream is kept from a
client that did not ask. See docs/adr/0008-usage-of-streams.md.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import replace
from http import HTTPStatus
from typing import Any, Final

from shared.codecs.json_text import Edit, Member, members, removals, splice
from shared.errors import MalformedJson
from shared.operation import Operation
from workers.providers.base import ProviderCall, ProviderError

#: How a provider answers to a field that it does not know.
_REFUSALS: Final = frozenset((HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY))
#: What is never a refusal of a field: keys, money, limits.
_OTHER_REASONS: Final = frozenset((401, 402, 403, 408, 409, 413, 429))
#: What is none unless it names the field: behind that server nobody answers.
_AWAY: Final = frozenset((502, 503, 504, 529))
_SAYS_FIELD: Final = ("stream_options", "include_usage", "stream options", "streamoptions")
#: How long a provider that refused is not asked again (seconds): it may be another one by then.
_MEMORY_S: Final = 600.0
_ASKED: Final = '{"include_usage":true}'

#: How a chunk without usage is usually written.
_USUAL_NULLS: Final = (b',"usage":null', b', "usage": null')
#: Operations whose requests have `stream_options`.
_TAKE_OPTIONS: Final = frozenset((Operation.CHAT, Operation.COMPLETION))

Chunks = Generator[bytes, None, None]
#: Calls a provider.
Stream = Callable[[ProviderCall], Chunks]
#: Returns the chunk as the client is to see it, None for one that it is not to see.
Show = Callable[[bytes, dict[str, Any]], bytes | None]


def with_usage(body: str) -> str:
    """Return the body with the wish for usage in it; the same text if the client has it."""
    found = members(body)
    options = [member for member in found if member.name == "stream_options"]
    if options:
        edits = [edit for option in options for edit in _ask_in(body, option)]
        return splice(body, edits) if edits else body
    last = found[-1].end
    return splice(body, [Edit(last, last, f',"stream_options":{_ASKED}')])


def show_all(chunk: bytes, value: dict[str, Any]) -> bytes:
    """Show a client that asked for usage all that there is."""
    del value
    return chunk


def hide_usage(chunk: bytes, value: dict[str, Any]) -> bytes | None:
    """Take out what only our asking added: the chunk of usage alone, nulls elsewhere."""
    if "usage" not in value:
        return chunk
    if value["usage"] is None:
        return _without_usage(chunk, value)
    return chunk if value.get("choices") else None


class UsageSupport:
    """Which providers take the wish and which do not, as this process has found out."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        """`monotonic` gives seconds."""
        self._monotonic = monotonic
        #: By name, until when they are not asked.
        self._refusing: dict[str, float] = {}
        self._taking: set[str] = set()

    def chunks(
        self, stream: Stream, call: ProviderCall, *, always_told: bool = False
    ) -> tuple[Chunks, Show]:
        """Return the chunks of a call that asks for usage, and how to show them to its client.

        `always_told`: the dialect fulfils the wish itself, so no refusal can be because of it.
        """
        if call.operation not in _TAKE_OPTIONS:
            return stream(call), show_all
        asking = with_usage(call.body.decode("utf-8")).encode("utf-8")
        if asking == call.body:
            return stream(call), show_all
        if self._monotonic() < self._refusing.get(call.provider.name, 0.0):
            return stream(call), hide_usage
        if always_told:
            return stream(replace(call, body=asking)), hide_usage
        return self._asked(stream, call, replace(call, body=asking)), hide_usage

    def _asked(self, stream: Stream, call: ProviderCall, asking: ProviderCall) -> Chunks:
        """Yield the chunks with usage; without, when the provider refuses to be asked.

        A refusal of what the client did not write is not told: its own words are tried first.
        """
        name, begun = call.provider.name, False
        try:
            for chunk in _closed(stream(asking)):
                begun = True
                self._taking.add(name)
                yield chunk
        except ProviderError as error:
            if begun or not may_be_refusal(error, takes=name in self._taking):
                raise
        else:
            return
        yield from self._unasked(stream, call)

    def _unasked(self, stream: Stream, call: ProviderCall) -> Chunks:
        for number, chunk in enumerate(_closed(stream(call))):
            if number == 0:
                # It takes the same request without the wish: so that was the fault.
                self._refusing[call.provider.name] = self._monotonic() + _MEMORY_S
                self._taking.discard(call.provider.name)
            yield chunk


def may_be_refusal(error: ProviderError, *, takes: bool) -> bool:
    """Whether a failure may be because of the wish. Pure.

    `takes`: the provider took it before: then only what looks like a refusal is one.
    """
    if error.status in _REFUSALS:
        return True
    if error.status in _OTHER_REASONS:
        return False
    said = f"{error} {(error.body or b'').decode('utf-8', 'replace')}".lower()
    if any(name in said for name in _SAYS_FIELD):
        return True
    return not takes and error.status is not None and error.status not in _AWAY


def _closed(chunks: Chunks) -> Chunks:
    """Close the chunks when nobody reads on: the provider must not go on for nobody."""
    with closing(chunks):
        yield from chunks


def _ask_in(body: str, options: Member) -> list[Edit]:
    """Return the edits that set `include_usage` in the client's options."""
    if not isinstance(options.value, dict):
        return [Edit(options.value_start, options.end, _ASKED)]
    inner = members(body, options.value_start)
    wishes = [member for member in inner if member.name == "include_usage"]
    if wishes:
        return [Edit(w.value_start, w.end, "true") for w in wishes if w.value is not True]
    if not inner:
        return [Edit(options.value_start, options.end, _ASKED)]
    return [Edit(inner[-1].end, inner[-1].end, ',"include_usage":true')]


def _without_usage(chunk: bytes, value: dict[str, Any]) -> bytes:
    wanted = {name: each for name, each in value.items() if name != "usage"}
    for null in _USUAL_NULLS:
        shorter = chunk.replace(null, b"", 1)
        # Parsed again, it is known to be the right one: a quarter of what finding its place costs.
        if len(shorter) < len(chunk) and json.loads(shorter) == wanted:
            return shorter
    text = chunk.decode("utf-8")
    try:
        return splice(text, removals(members(text), {"usage"})).encode("utf-8")
    except MalformedJson:
        # Python reads more than JSON allows (NaN): such a chunk stays as it is.
        return chunk
