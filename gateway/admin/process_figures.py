"""Figures of the gateway's own processes on this machine, whichever of them is asked."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from prometheus_client import ProcessCollector
from prometheus_client.core import Metric

#: Of all processes the one that began first; the others are sums.
_EARLIEST: Final = "process_start_time_seconds"


class ProcessFigures:
    """Prometheus's usual process metrics, summed up over gunicorn's processes."""

    def __init__(self, pids: Callable[[], list[int]]) -> None:
        self._pids = pids

    def collect(self) -> Iterator[Metric]:
        """Yield each metric."""
        sums: dict[str, Metric] = {}
        for pid in self._pids():
            for family in _figures_of(pid):
                if family.name in sums:
                    _add(sums[family.name], family)
                else:
                    sums[family.name] = family
        yield from sums.values()


def own_processes(gateway_processes: int) -> Callable[[], list[int]]:
    """Return what names the processes that serve this gateway's port."""

    def pids() -> list[int]:
        if gateway_processes == 1:
            return [os.getpid()]
        parent = os.getppid()
        children = Path(f"/proc/{parent}/task/{parent}/children")
        try:
            return [int(pid) for pid in children.read_text("ascii").split()]
        except OSError:
            return [os.getpid()]

    return pids


def _figures_of(pid: int) -> list[Metric]:
    # It has no registry: it is read at once, and forgotten. Another process may be gone by now.
    collector = ProcessCollector(pid=lambda: pid, registry=None)
    return list(collector.collect())


def _add(total: Metric, more: Metric) -> None:
    total.samples = [
        one._replace(value=_joined(total.name, one.value, other.value))
        for one, other in zip(total.samples, more.samples, strict=True)
    ]


def _joined(name: str, one: float, other: float) -> float:
    return min(one, other) if name == _EARLIEST else one + other
