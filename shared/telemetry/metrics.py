"""The cluster's figures as Prometheus's metrics, by its rules for names and units. Pure.

What each means is in its help text, and in `docs/observability.md`.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
)

from shared.telemetry.counters import Count
from shared.telemetry.labels import Names, bounded, summed
from shared.telemetry.overview import Overview
from shared.telemetry.stages import CHAT, Stage
from shared.telemetry.tally import BOUNDS_S, Counts, Histogram, Tallied
from shared.telemetry.workers import Worker

#: Most workers that are told of one by one.
MOST_WORKERS: Final = 200

_REFUSED: Final = "refused_"
#: Counts of `shared/telemetry/counters.py` that are metrics of their own.
_COUNTED: Final = (
    (Count.REAPED, "leases_reaped", "Jobs taken back from workers that were not heard any more."),
    (Count.DEFERRED, "attempts_deferred", "Attempts that failed and are made again later."),
    (Count.LATE_RESULTS_REFUSED, "late_results_refused", "Results of attempts that were over."),
    (Count.EXPIRED, "jobs_expired", "Jobs whose deadline passed before they were answered."),
    (Count.MESSAGES_PUSHED_AGAIN, "messages_pushed_again", "Messages that were lost or held."),
    (Count.DELIVERIES_RETURNED, "deliveries_returned", "Deliveries whose worker was not heard."),
    (Count.DOORBELLS_RUNG_AGAIN, "doorbells_rung_again", "Completions that nobody worked on."),
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What is told: how things stand, what was counted, and which names there are."""

    overview: Overview
    counts: Counts
    models: Names
    providers: Names


def families(figures: Figures) -> Iterator[Metric]:
    """Yield every metric."""
    yield _requests(figures.counts)
    yield from _jobs(figures)
    yield from _queues(figures)
    yield from _stages(figures.overview)
    yield from _providers(figures)
    yield from _latencies(figures)
    yield from _callbacks(figures)
    yield from _workers(figures.overview)
    yield from _counters(figures)


def _gauge(name: str, text: str, labels: Sequence[str] = ()) -> GaugeMetricFamily:
    return GaugeMetricFamily(f"replyto_{name}", text, labels=labels)


def _counter(name: str, text: str, labels: Sequence[str] = ()) -> CounterMetricFamily:
    return CounterMetricFamily(f"replyto_{name}", text, labels=labels)


def _plain_gauge(name: str, text: str, value: float) -> GaugeMetricFamily:
    gauge = _gauge(name, text)
    gauge.add_metric((), value)
    return gauge


def _requests(counts: Counts) -> Metric:
    answered = _counter("http_requests", "Requests that gateways answered.", ("endpoint", "status"))
    for labels, number in counts.of(Tallied.REQUESTS).items():
        answered.add_metric(labels, number)
    return answered


def _jobs(figures: Figures) -> Iterator[Metric]:
    now, known = figures.overview, (figures.models, figures.providers)
    accepted = _counter("jobs_accepted", "Jobs that were accepted.", ("model", "operation"))
    for labels, number in summed(figures.counts.of(Tallied.ACCEPTED), figures.models).items():
        accepted.add_metric(labels, number)
    ended = _counter(
        "jobs_ended", "Jobs that ended.", ("model", "provider", "operation", "outcome")
    )
    for labels, number in summed(figures.counts.of(Tallied.JOBS), *known).items():
        ended.add_metric(labels, number)
    tokens = _counter(
        "tokens", "Tokens that providers say they took.", ("model", "provider", "kind")
    )
    for labels, number in summed(figures.counts.of(Tallied.TOKENS), *known).items():
        tokens.add_metric(labels, number)
    yield from (accepted, ended, tokens)
    yield _plain_gauge("jobs_started", "Jobs that workers have claimed.", now.in_flight)
    yield _plain_gauge("jobs_delayed", "Jobs that wait for another attempt.", now.delayed)


def _queues(figures: Figures) -> Iterator[Metric]:
    names = figures.models
    chats = [stage for stage in figures.overview.stages if stage.name == CHAT]
    yield _by_model(
        "queue_depth",
        "Jobs that wait for a worker or a provider: in line, behind the window, at gates.",
        names,
        [(one.model or "", one.depth) for one in chats],
    )
    yield _by_model(
        "jobs_in_flight",
        "Calls that run, as their workers say.",
        names,
        [(one.model or "", one.in_flight or 0) for one in chats],
    )
    yield _lags(names, chats)
    yield _waiting(figures)
    for name, text, values in (
        ("queue_workers", "Workers that serve the model.", [one.workers for one in chats]),
        ("queue_slots", "Calls that these make at once at most.", [one.slots for one in chats]),
        ("queue_slots_busy", "Those of them that are taken.", [one.busy for one in chats]),
    ):
        pairs = [(one.model or "", v or 0) for one, v in zip(chats, values, strict=True)]
        yield _by_model(name, text, names, pairs)


def _by_model(
    name: str, text: str, names: Names, values: Sequence[tuple[str, float]]
) -> GaugeMetricFamily:
    """Return a gauge that has each model of the registry, with 0 where nothing is."""
    sums = dict.fromkeys(names.known, 0.0)
    for model, value in values:
        told = names.told(model)
        sums[told] = sums.get(told, 0.0) + value
    gauge = _gauge(name, text, ("model",))
    for model, value in sums.items():
        gauge.add_metric((model,), value)
    return gauge


def _lags(names: Names, chats: Sequence[Stage]) -> GaugeMetricFamily:
    lags = dict.fromkeys(names.known, 0.0)
    for one in chats:
        told = names.told(one.model or "")
        lags[told] = max(lags.get(told, 0.0), one.lag_s)
    gauge = _gauge("queue_lag_seconds", "How long the first has waited.", ("model",))
    for model, lag_s in lags.items():
        gauge.add_metric((model,), lag_s)
    return gauge


def _waiting(figures: Figures) -> GaugeMetricFamily:
    counts: dict[tuple[str, ...], int] = {
        (row.model, priority): number
        for row in figures.overview.waiting
        for priority, number in (
            ("interactive", row.interactive),
            ("queued", row.queued),
            ("bulk", row.bulk),
        )
    }
    gauge = _gauge("queue_waiting", "The same, by how urgent they are.", ("model", "priority"))
    for labels, number in summed(counts, figures.models).items():
        gauge.add_metric(labels, number)
    return gauge


def _stages(now: Overview) -> Iterator[Metric]:
    depth = _gauge("stage_depth", "What waits at a stage behind the models.", ("stage",))
    lag = _gauge("stage_lag_seconds", "How long the first has waited there.", ("stage",))
    workers = _gauge("stage_workers", "Workers that serve it.", ("stage",))
    for one in now.stages:
        if one.name != CHAT:
            depth.add_metric((one.name,), one.depth)
            lag.add_metric((one.name,), one.lag_s)
            workers.add_metric((one.name,), one.workers)
    yield from (depth, lag, workers)


def _providers(figures: Figures) -> Iterator[Metric]:
    limit = _gauge("provider_slots", "Calls that may run at once, where limited.", ("provider",))
    in_use = _gauge("provider_slots_in_use", "Calls that run there.", ("provider",))
    waiting = _gauge("provider_waiting", "Requests in its server's own queue.", ("provider",))
    for one in figures.overview.providers:
        if figures.providers.told(one.name) == one.name:
            in_use.add_metric((one.name,), one.in_use)
            if one.limit is not None:
                limit.add_metric((one.name,), one.limit)
            if one.queue is not None and not one.queue.problem:
                waiting.add_metric((one.name,), one.queue.waiting)
    yield from (limit, in_use, waiting)


def _latencies(figures: Figures) -> Iterator[Metric]:
    for what, name, text in (
        (Tallied.WAIT, "job_wait_seconds", "From accept to the last attempt's start."),
        (Tallied.RUN, "job_run_seconds", "From the last attempt's start to the answer."),
        (Tallied.TOTAL, "job_duration_seconds", "From accept to the answer."),
    ):
        family = HistogramMetricFamily(f"replyto_{name}", text, labels=("model",))
        merged: dict[tuple[str, ...], Histogram] = {}
        for labels, histogram in figures.counts.histograms(what).items():
            merged.setdefault(bounded(labels, figures.models), Histogram()).merge(histogram)
        for labels, histogram in merged.items():
            family.add_metric(labels, _buckets(histogram), histogram.sum_ms / 1000)
        yield family


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    so_far, buckets = 0, []
    for bound, number in zip((*map(str, BOUNDS_S), "+Inf"), histogram.buckets, strict=True):
        so_far += number
        buckets.append((bound, float(so_far)))
    return buckets


def _callbacks(figures: Figures) -> Iterator[Metric]:
    now, counts = figures.overview, figures.counts
    ended = _counter("deliveries_ended", "Deliveries of callbacks that ended.", ("outcome",))
    for labels, number in counts.of(Tallied.DELIVERIES).items():
        ended.add_metric(labels, number)
    ended.add_metric(("given_up",), now.counts.get(Count.DELIVERIES_GIVEN_UP, 0))
    attempts = _counter("delivery_attempts", "Attempts at callbacks.", ("outcome",))
    for labels, number in counts.of(Tallied.ATTEMPTS).items():
        attempts.add_metric(labels, number)
    family = HistogramMetricFamily("replyto_callback_seconds", "How long an attempt took.")
    for histogram in (counts.histograms(Tallied.CALLBACK) or {(): Histogram()}).values():
        family.add_metric((), _buckets(histogram), histogram.sum_ms / 1000)
    yield from (ended, attempts, family)
    yield _plain_gauge("deliveries_due", "Deliveries that wait for a worker.", now.callbacks_due)
    yield _plain_gauge("deliveries_delayed", "Deliveries due later.", now.callbacks_delayed)
    yield _plain_gauge("deliveries_in_flight", "Attempts that run.", now.callbacks_in_flight)


def _workers(now: Overview) -> Iterator[Metric]:
    live = [one.worker for one in now.roll.live]
    pools = _gauge("workers", "Workers that are heard, by kind of work.", ("pool",))
    for pool in ("chat", "completion", "callbacks"):
        pools.add_metric((pool,), sum(pool in one.pools for one in live))
    yield pools
    yield _plain_gauge("workers_lost", "Workers that fell silent lately.", len(now.roll.lost))
    yield from _each_worker(live[:MOST_WORKERS])


def _each_worker(workers: Sequence[Worker]) -> Iterator[Metric]:
    slots = _gauge("worker_slots", "Tasks that it runs at once at most.", ("worker",))
    busy = _gauge("worker_slots_busy", "Those that it runs.", ("worker",))
    memory = _gauge("worker_resident_memory_bytes", "What it holds in memory.", ("worker",))
    cpu = _counter("worker_cpu_seconds", "CPU that it has used.", ("worker",))
    for one in {worker.name: worker for worker in workers}.values():
        for family, value in (
            (slots, one.slots),
            (busy, one.busy),
            (memory, one.memory_bytes),
            (cpu, one.cpu_s),
        ):
            if value is not None:
                family.add_metric((one.name,), value)
    yield from (slots, busy, memory, cpu)


def _counters(figures: Figures) -> Iterator[Metric]:
    counts = figures.overview.counts
    for count, name, text in _COUNTED:
        counter = _counter(name, text)
        counter.add_metric((), counts.get(count, 0))
        yield counter
    refused = _counter("requests_refused", "Requests that found no room.", ("reason",))
    for count in Count:
        if count.startswith(_REFUSED):
            refused.add_metric((count.removeprefix(_REFUSED),), counts.get(count, 0))
    dropped = _counter("metrics_dropped", "Counts that found no room among the metrics.")
    dropped.add_metric((), figures.counts.dropped)
    yield from (refused, dropped)
