"""The page of metrics: read anew once a second at most, whoever asks how often."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from typing import Final

import redis
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder

from gateway.admin.process_figures import ProcessFigures, own_processes
from gateway.version import VERSION
from shared.providers.provider import Registry
from shared.settings import Settings
from shared.telemetry.labels import Names
from shared.telemetry.metrics import Figures, families
from shared.telemetry.overview import read_overview
from shared.telemetry.tally import Counts

#: How long what was read is told (seconds).
FRESH_S: Final = 1.0


class MetricsPage:
    """What `/metrics` answers. A ledger that is away is one of the figures."""

    def __init__(
        self,
        client: redis.Redis,
        registry: Registry,
        settings: Settings,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._client = client
        self._registry = registry
        self._processes = ProcessFigures(own_processes(settings.gateway_processes))
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read: CollectorRegistry = CollectorRegistry()
        self._read_at_s: float | None = None
        self._texts: dict[str, bytes] = {}

    def text(self, accept: str) -> tuple[bytes, str]:
        """Return the page, in the form that the header `Accept` asks, and its type."""
        encode, content_type = choose_encoder(accept)
        with self._lock:
            self._refresh()
            if content_type not in self._texts:
                self._texts[content_type] = encode(self._read)
            return self._texts[content_type], content_type

    def _refresh(self) -> None:
        now_s = self._monotonic()
        if self._read_at_s is not None and now_s - self._read_at_s < FRESH_S:
            return
        self._texts.clear()
        self._read = CollectorRegistry()
        self._read.register(_Told([*self._processes.collect(), *self._cluster()]))
        self._read_at_s = self._monotonic()

    def _cluster(self) -> Iterator[Metric]:
        build = GaugeMetricFamily(
            "replyto_build_info", "The version of this gateway.", labels=("version",)
        )
        build.add_metric((VERSION,), 1)
        yield build
        up = GaugeMetricFamily("replyto_ledger_up", "Whether Redis tells how things stand.")
        try:
            figures = self._figures()
        except redis.RedisError:
            up.add_metric((), 0)
            yield up
            return
        up.add_metric((), 1)
        yield up
        yield from families(figures)

    def _figures(self) -> Figures:
        providers = self._registry.providers
        return Figures(
            overview=read_overview(self._client, providers),
            counts=Counts.read(self._client),
            models=Names(self._registry.known_models),
            providers=Names(one.name for one in providers),
        )


class _Told:
    """What was read, as a registry wants it."""

    def __init__(self, metrics: list[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> list[Metric]:
        return self._metrics
