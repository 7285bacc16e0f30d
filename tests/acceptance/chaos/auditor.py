"""Compares the three ledgers of a run and tells what was lost, doubled or slow. Pure."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.acceptance.chaos.judging import Finding, Found, Judged, reason_of
from tests.acceptance.chaos.ledgers import (
    COMPLETED,
    CallbackSeen,
    Happened,
    Kind,
    Ledgers,
    LlmCall,
    Response,
    Told,
)
from tests.acceptance.chaos.records import by_marker
from tests.acceptance.chaos.recovery import REFUSALS, recoveries

#: Promised: the jobs of a killed worker are done within this (seconds).
RECOVERY_LIMIT_S = 40.0
#: Promised: a gateway without its Redis answers 503 within this (seconds).
UNAVAILABLE_LIMIT_S = 5.0

#: What each repair is the end of.
_UNDONE = {"start": "killed", "resume": "frozen", "promote": "read-only", "empty": "full"}

#: What a gateway says, with a 503, that cannot reach its Redis.
_STORE_UNAVAILABLE = (503, "store_unavailable")


@dataclass(slots=True)
class Audit:
    """What came of a run."""

    accepted: Counter[str] = field(default_factory=Counter)
    completed: int = 0
    #: Failed jobs by reason.
    failed: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    found: list[Found] = field(default_factory=list)
    callbacks: int = 0
    callbacks_repeated: int = 0
    llm_calls: int = 0
    llm_calls_repeated: int = 0
    llm_calls_cut: int = 0
    kills: Counter[str] = field(default_factory=Counter)
    freezes: Counter[str] = field(default_factory=Counter)
    drops: int = 0
    #: Times that a master refused to write, by how: `demote`, `fill`.
    refusals: Counter[str] = field(default_factory=Counter)
    #: Processes that ended without having been killed, by role.
    ended: Counter[str] = field(default_factory=Counter)
    #: Kind of process → (jobs it had in hand when killed, the longest time until they were done).
    recovery: dict[str, tuple[int, float]] = field(default_factory=dict)
    #: Fault → longest time until the gateway took a job again.
    gateway_back: dict[str, float] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    slowest_503_s: float = 0.0
    #: Accepted → final of jobs on models that do not fail: the median, p99, the longest.
    took_s: tuple[float, float, float] = (0.0, 0.0, 0.0)

    def count(self, finding: Finding) -> int:
        """Return how many jobs, or things, have such a finding."""
        return len({found.marker for found in self.found if found.finding is finding})

    @property
    def lost(self) -> int:
        """Jobs that were lost."""
        return self.count(Finding.LOST)

    @property
    def doubled(self) -> int:
        """Jobs that were doubled."""
        return self.count(Finding.DOUBLED)

    @property
    def longest_recovery_s(self) -> float:
        """Of all killed processes' jobs."""
        return max((longest for _, longest in self.recovery.values()), default=0.0)


def audit(ledgers: Ledgers, *, recovery_limit_s: float = RECOVERY_LIMIT_S) -> Audit:
    """Return what the ledgers say together."""
    result = Audit()
    calls, callbacks = by_marker(ledgers.calls), by_marker(ledgers.callbacks)
    for told in ledgers.told:
        mine = Judged(told, calls[told.marker], callbacks[told.marker])
        result.found += mine.findings()
        _count(result, mine)
    _strangers(result, ledgers)
    result.llm_calls = len(ledgers.calls)
    result.llm_calls_cut = sum(call.cut for call in ledgers.calls)
    result.took_s = _latencies(ledgers.told)
    _faults(result, ledgers.happened)
    _responses(result, ledgers)
    for told, kind, took_s in recoveries(ledgers):
        jobs, longest = result.recovery.get(kind, (0, 0.0))
        result.recovery[kind] = (jobs + 1, max(longest, took_s))
        if took_s > recovery_limit_s:
            what = f"{took_s:.1f} s after a fault of {kind} ({told.model}, {told.kind})"
            result.found.append(Found(Finding.SLOW, told.marker, what))
    return result


def _count(result: Audit, mine: Judged) -> None:
    told = mine.told
    result.refused += bool(told.refused)
    if told.ids:
        result.accepted[told.kind] += 1
    if told.state == COMPLETED:
        result.completed += 1
    elif told.state:
        result.failed[reason_of(told)] += 1
    result.callbacks += bool(mine.callbacks)
    result.callbacks_repeated += max(0, len(mine.callbacks) - 1)
    result.llm_calls_repeated += max(0, len(mine.calls) - 1)


def _strangers(result: Audit, ledgers: Ledgers) -> None:
    """Two markers must not share a job; nor may there be records of jobs that nobody sent."""
    owners: dict[int, str] = {}
    for told in ledgers.told:
        for job_id in set(told.ids):
            if owners.setdefault(job_id, told.marker) != told.marker:
                what = f"has job {job_id}, which is that of {owners[job_id]}"
                result.found.append(Found(Finding.DOUBLED, told.marker, what))
    known = {told.marker for told in ledgers.told}
    records: list[LlmCall | CallbackSeen] = [*ledgers.calls, *ledgers.callbacks]
    for record in records:
        if record.marker not in known:
            what = f"{type(record).__name__} of a job that no client sent"
            result.found.append(Found(Finding.WRONG, record.marker, what))


def _latencies(told: Sequence[Told]) -> tuple[float, float, float]:
    took = sorted(
        job.completed_at - job.accepted_at
        for job in told
        if job.completed_at is not None
        and job.accepted_at is not None
        and job.kind is not Kind.SYNC
        and not job.may_fail
        and not job.cancels
    )
    if not took:
        return (0.0, 0.0, 0.0)
    return took[len(took) // 2], took[int(len(took) * 0.99)], took[-1]


def _faults(result: Audit, happened: Sequence[Happened]) -> None:
    for fault in happened:
        if fault.action == "kill":
            result.kills[fault.kind] += 1
        elif fault.action == "freeze":
            result.freezes[fault.kind] += 1
        elif fault.action == "drop":
            result.drops += 1
        elif fault.action in REFUSALS:
            result.refusals[fault.action] += 1
        elif fault.action == "ended":
            result.ended[fault.role] += 1
            result.found.append(Found(Finding.WRONG, fault.role, "the process ended by itself"))


def _responses(result: Audit, ledgers: Ledgers) -> None:
    frozen = list(_frozen(ledgers.happened, "gateway"))
    for response in ledgers.failures:
        known = (response.status, response.code) == _STORE_UNAVAILABLE
        result.failures[_name(response)] += 1
        if known and not response.waited and not _overlaps(response, frozen):
            result.slowest_503_s = max(result.slowest_503_s, response.took_s)
        elif not known and (response.status >= 500 or response.status == 404):
            result.found.append(Found(Finding.WRONG, _name(response), "undocumented answer"))
    if result.slowest_503_s > UNAVAILABLE_LIMIT_S:
        what = f"the slowest came after {result.slowest_503_s:.1f} s"
        result.found.append(Found(Finding.SLOW, "503 store_unavailable", what))
    result.gateway_back = _back(ledgers)


def _frozen(happened: Sequence[Happened], role: str) -> Iterator[tuple[float, float]]:
    """Yield from when until when the process stood still."""
    since = None
    for event in happened:
        if event.role != role:
            continue
        if since is not None and event.action != "freeze":
            yield since, event.at
        since = event.at if event.action == "freeze" else None


def _overlaps(response: Response, spans: Sequence[tuple[float, float]]) -> bool:
    begun = response.at - response.took_s
    return any(begun < end and start < response.at for start, end in spans)


def _back(ledgers: Ledgers) -> dict[str, float]:
    """Return by fault the longest time from its end until the gateway took a job."""
    back: defaultdict[str, float] = defaultdict(float)
    for up in (h for h in ledgers.happened if h.action in _UNDONE):
        if up.kind in {"gateway", "redis"}:
            name = f"{up.kind} {_UNDONE[up.action]}"
            next_accept = min((at for at in ledgers.accepts if at > up.at), default=up.at)
            back[name] = max(back[name], next_accept - up.at)
    return dict(back)


def _name(response: Response) -> str:
    return f"{response.status} {response.code}" if response.status else response.code
