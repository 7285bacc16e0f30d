"""Benchmark `streams`: how far a relayed stream is behind the LLM's own, alone and among many."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import Final

from bench.load import stack as stacks
from bench.load.children import Child
from bench.load.clients import CHAT
from bench.load.stack import QUEUE, Stack
from bench.load.stream_load import Job, Reading, Stream
from bench.load.streaming_llm import TOKENS_PER_S
from bench.options import Options
from bench.result import BenchmarkFailed, Goal, Report, Spread
from bench.rounds import alternate
from bench.terminal import Progress

_STREAMS: Final = 200
#: Between the beginnings of two streams (seconds): as people come, and not all in one moment.
_APART_S: Final = 0.005
#: Streams of one turn of the first measurement, and their tokens.
_ALONE, _ALONE_TOKENS = 40, 2
_OURS, _DIRECT = "ReplyTo", "the LLM itself"


@dataclass(frozen=True, slots=True)
class _Crowd:
    """Many streams at once: what they were, and what they cost."""

    reading: Reading
    #: Cores in use by each process on average.
    cores: dict[str, float]
    redis_mib: float


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting the whole stack")
    with stacks.running(llm=_llm) as stack:
        gateway, port = stack.gateway()
        processes = [
            gateway,
            stack.worker("chat", [QUEUE], 2 * _STREAMS),
            stack.completion_worker(),
            stack.ledger,
            stack.llm,
        ]
        ours = _job(port, _ALONE, _ALONE_TOKENS, headers=stack.headers, one_at_a_time=True)
        direct = _job(stack.llm_port, _ALONE, _ALONE_TOKENS, one_at_a_time=True)
        _read(ours)
        alone = alternate(
            {_DIRECT: lambda: _read(direct), _OURS: lambda: _read(ours)}, options.rounds, progress
        )
        seconds = 3 if options.quick else 10
        crowd = _job(port, _STREAMS, seconds * TOKENS_PER_S, headers=stack.headers)
        crowds = []
        for number in range(2 if options.quick else 3):
            progress.say(f"{_STREAMS} streams of {seconds} s, turn {number + 1}")
            crowds.append(_crowd(stack, processes, crowd))
    return _report(alone, crowds, seconds)


def _llm(port: int, folder: Path) -> list[str]:
    del folder
    return [sys.executable, "-m", "bench.load.streaming_llm", str(port)]


def _job(
    port: int,
    streams: int,
    tokens: int,
    *,
    headers: dict[str, str] | None = None,
    one_at_a_time: bool = False,
) -> Job:
    body = json.dumps({**json.loads(CHAT), "stream": True, "max_tokens": tokens})
    return Job(port, headers or {}, body, streams, _APART_S, one_at_a_time)


def _read(job: Job) -> Reading:
    """Read the streams. Raises BenchmarkFailed unless all came whole."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.load.stream_load"],
        input=json.dumps(asdict(job)),
        capture_output=True,
        text=True,
        check=False,
        timeout=180,
    )
    if done.returncode:
        raise BenchmarkFailed(f"the reader failed:\n{done.stderr[-1000:]}")
    told = json.loads(done.stdout)
    reading = Reading([Stream(**row) for row in told["streams"]], told["cpu_share"])
    broken = [s for s in reading.streams if s.lost or not s.is_whole]
    if broken:
        raise BenchmarkFailed(f"{len(broken)} of {job.streams} streams were not whole: {broken[0]}")
    return reading


def _crowd(stack: Stack, processes: Sequence[Child], job: Job) -> _Crowd:
    with stack.client() as client:
        before = client.info("memory")["used_memory"]
        cpu_s, began = [process.cpu_s for process in processes], time.monotonic()
        reading = _read(job)
        took_s = time.monotonic() - began
        used = [p.cpu_s - b for p, b in zip(processes, cpu_s, strict=True)]
        after = client.info("memory")["used_memory"]
    cores = {p.name: s / took_s for p, s in zip(processes, used, strict=True)}
    return _Crowd(reading, {**cores, "reader": reading.cpu_share}, (after - before) / 2**20)


def _report(alone: dict[str, list[Reading]], crowds: list[_Crowd], seconds: int) -> Report:
    firsts = {name: [_p50_first_ms(r) for r in own] for name, own in alone.items()}
    behind_ms = [a - b for a, b in zip(firsts[_OURS], firsts[_DIRECT], strict=True)]
    on_its_way_ms = [median(s.first_late_ms for s in r.streams) for r in alone[_OURS]]
    last_ms = [max(s.last_late_ms for s in crowd.reading.streams) for crowd in crowds]
    most_ms = [max(s.most_late_ms for s in crowd.reading.streams) for crowd in crowds]
    usual_ms = [median(s.last_late_ms for s in crowd.reading.streams) for crowd in crowds]
    chunks = sum(s.chunks for crowd in crowds for s in crowd.reading.streams)
    behind, last = Spread.of(behind_ms), Spread.of(last_ms)
    return Report(
        name="streams",
        title=f"Streams: the first chunk, and {_STREAMS} streams at once",
        about=(
            "The LLM sends the first token at once, then "
            f"{TOKENS_PER_S} a second, each with the moment at which it was due; the reader "
            "compares that with its own clock, which is the same one. First, one stream at a "
            "time: from sending the request to reading the first chunk, from the LLM itself and "
            f"through ReplyTo. Then {_STREAMS} streams of {seconds} s, which begin within "
            f"{_STREAMS * _APART_S:g} s: one gateway process, one chat worker, one completion "
            "worker, Redis with `appendonly yes`, the LLM and the reader share the machine."
        ),
        columns=("", "median (lowest-highest) of the turns"),
        rows=[
            *((f"first chunk, p50: {name}", _ms(own)) for name, own in firsts.items()),
            ("first chunk, p50: behind the LLM's own", f"{behind.show(1)} ms"),
            ("  of that from the LLM's sending to the reader", _ms(on_its_way_ms)),
            (f"{_STREAMS} streams: last chunk late, p50 of the streams", _ms(usual_ms)),
            (f"{_STREAMS} streams: last chunk late, worst stream", f"{last.show(1)} ms"),
            (f"{_STREAMS} streams: any chunk late, worst", _ms(most_ms)),
            (f"{_STREAMS} streams: chunks relayed, lost", f"{chunks:,}, 0"),
            *((f"cores in use: {name}", _cores(crowds, name)) for name in crowds[0].cores),
            (
                "Redis memory for the chunks and jobs of a turn",
                f"{Spread.of([crowd.redis_mib for crowd in crowds]).show(1)} MiB",
            ),
        ],
        goals=[
            Goal("first chunk behind the LLM's, p50", behind, now=10, unit="ms", at_least=False),
            Goal(
                f"last chunk of {_STREAMS} streams late, worst",
                last,
                now=1000,
                unit="ms",
                at_least=False,
            ),
        ],
    )


def _p50_first_ms(reading: Reading) -> float:
    return median(stream.first_ms for stream in reading.streams)


def _ms(values: Sequence[float]) -> str:
    return f"{Spread.of(values).show(1)} ms"


def _cores(crowds: Sequence[_Crowd], name: str) -> str:
    return Spread.of([crowd.cores[name] for crowd in crowds]).show(2)
