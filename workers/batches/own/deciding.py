"""Decides of each line whether a provider's own batch gets it, and plans the parts of these."""

from __future__ import annotations

import secrets
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from itertools import islice
from operator import attrgetter
from typing import Final, NamedTuple

from shared.batches.batch import Batch, Wish
from shared.batches.lines import failure_line, request_of
from shared.batches.paging import pages
from shared.batches.parts import Part
from shared.batches.store import Line, Outcome
from shared.errors import ServiceError
from shared.operation import Operation
from workers.batches.desk import Desk
from workers.batches.own.choosing import has_own, own_provider, wish_of
from workers.batches.reading import read_lines
from workers.heavy import away
from workers.routing.stored_calls import check_served

#: Lines that are read at once, and such pages of one step: then other batches have their turn.
_PAGE: Final = 100
_PAGES: Final = 100
#: Most lines and bytes of a part. They are in memory while it is submitted; a batch has as many
#: parts as it needs.
_MOST: Final = 10_000
_MOST_BYTES: Final = 16 * 1024 * 1024
#: What is decided of a batch: all its lines run singly, or some do.
ALL: Final = "all"
SOME: Final = "some"
_NOBODY: Final = (
    "provider_batch_unavailable",
    "No provider of this model takes this request into a batch of its own.",
)


class _Place(NamedTuple):
    """Where the lines of a part go."""

    provider: str
    model: str
    operation: Operation


def decide(desk: Desk, batch: Batch) -> Batch | None:
    """Decide of lines of a batch; return it when that is done of all.

    None: there are more, or it was changed meanwhile.
    """
    wish = wish_of(batch)
    is_single = wish is Wish.SINGLE or not (has_own(desk.registry) or wish is Wish.PROVIDER)
    # What was planned before somebody died, or the provider was changed, is to be taken back.
    if is_single and not desk.own.parts.of(batch.id):
        return desk.batches.save(replace(batch, singly=ALL))
    return desk.batches.save(replace(batch, singly=SOME)) if _distribute(desk, batch) else None


def _distribute(desk: Desk, batch: Batch) -> bool:
    """Decide of the next lines, and plan their parts; return whether there were any."""
    groups: dict[_Place, list[Line]] = defaultdict(list)
    is_done = True
    for page in islice(_pages(desk, batch), _PAGES):
        _sort(desk, batch, page, groups)
        desk.rest()
        is_done = False
    for place, lines in groups.items():
        for taken in pages(lines, attrgetter("size"), _MOST, _MOST_BYTES):
            _plan(desk, batch, place, taken)
    return is_done


def _pages(desk: Desk, batch: Batch) -> Iterator[Sequence[Line]]:
    after = -1
    while page := desk.batches.undecided(batch.id, after, _PAGE):
        yield page
        after = page[-1].number


def _sort(desk: Desk, batch: Batch, page: Sequence[Line], groups: dict[_Place, list[Line]]) -> None:
    wish, singly = wish_of(batch), []
    for line, raw in zip(page, read_lines(desk, batch, page), strict=True):
        place = _place(desk, batch, raw, wish)
        if place is not None:
            groups[place].append(line)
        else:
            singly.append(line)
    if wish is Wish.PROVIDER:
        refused = [failure_line(batch.id, line, *_NOBODY) for line in singly]
        outcomes = [
            Outcome(line.number, is_answer=False, answer=text)
            for line, text in zip(singly, refused, strict=True)
        ]
        desk.batches.note_outcomes(batch.id, outcomes)
    else:
        desk.batches.run_singly(batch.id, [line.number for line in singly])


def _place(desk: Desk, batch: Batch, raw: bytes, wish: Wish) -> _Place | None:
    try:
        call = away(len(raw), partial(request_of, batch.endpoint, raw))
        check_served(desk.registry, batch, call)
    except ServiceError:
        # Told where it is to run.
        return None
    provider = own_provider(desk.registry, call, wish)
    if provider is None:
        return None
    return _Place(provider.name, call.chat.model, call.chat.operation)


def _plan(desk: Desk, batch: Batch, place: _Place, lines: Sequence[Line]) -> None:
    first, last = lines[0].number, lines[-1].number
    ids = desk.line_jobs.take_ids(last - first + 1, desk.own.history.last_id())
    part = Part(
        batch=batch.id,
        number=0,
        provider=place.provider,
        model=place.model,
        operation=place.operation,
        made_s=round(desk.process.clock(), 3),
        first_job=ids - first,
        count=len(lines),
        nonce=secrets.token_hex(4),
    )
    desk.own.parts.plan(part, [line.number for line in lines])
