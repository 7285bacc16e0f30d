"""Benchmark `sync`: synchronous chats through the whole stack, by number of clients."""

from __future__ import annotations

from dataclasses import dataclass

from bench.load import litellm_proxy
from bench.load import stack as stacks
from bench.load.children import Child
from bench.load.clients import Target, chat_to, warn_of_generator
from bench.load.load import Load
from bench.load.stack import QUEUE, Stack
from bench.options import Options
from bench.result import Goal, Report, Spread
from bench.rounds import alternate, ratio
from bench.terminal import Progress

_CLIENTS = (1, 16, 64)
_OURS, _LITELLM = "ReplyTo", "LiteLLM proxy, 2 workers"


@dataclass(frozen=True, slots=True)
class _Turn:
    load: Load
    #: CPU of each process a request (microseconds).
    cpu_us: dict[str, float]


@dataclass(frozen=True, slots=True)
class _Server:
    """What clients call, and the processes that work for it."""

    target: Target
    processes: list[Child]

    def turn(self, clients: int, seconds: float) -> _Turn:
        before = [process.cpu_s for process in self.processes]
        load = self.target.load(clients, seconds)
        used = [p.cpu_s - b for p, b in zip(self.processes, before, strict=True)]
        cpu_us = {
            process.name: cpu_s / load.answered * 1e6
            for process, cpu_s in zip(self.processes, used, strict=True)
        }
        return _Turn(load, cpu_us)


def run(options: Options, progress: Progress) -> Report:
    """Measure."""
    progress.say("starting the whole stack")
    with stacks.running() as stack:
        servers = {_OURS: _replyto(stack)}
        if options.litellm_python:
            progress.say("starting LiteLLM")
            process, port = litellm_proxy.start(stack, options.litellm_python)
            servers[_LITELLM] = _Server(chat_to(port, litellm_proxy.HEADERS), [process, stack.llm])
        for server in servers.values():
            server.turn(16, 1.0)
        turns = alternate(
            {
                f"{name}, clients: {clients}": lambda s=server, c=clients: s.turn(c, options.load_s)  # type: ignore[misc]
                for clients in _CLIENTS
                for name, server in servers.items()
            },
            options.rounds,
            progress,
        )
    return _report(turns)


def _replyto(stack: Stack) -> _Server:
    gateway, port = stack.gateway()
    chat = stack.worker("chat", [QUEUE], stack.settings.chat_concurrency)
    completion = stack.completion_worker()
    processes = [gateway, chat, completion, stack.ledger, stack.llm]
    return _Server(chat_to(port, stack.headers), processes)


def _report(turns: dict[str, list[_Turn]]) -> Report:
    return Report(
        name="sync",
        title="Sync: chats a second through the whole stack, and how long one takes",
        about=(
            "Clients POST to `/v1/chat/completions` and wait for the answer; each sends its next "
            "chat at once. One gateway process, one chat worker, one completion worker, Redis with "
            "`appendonly yes`, and an LLM that answers at once share the machine with the load "
            "generator: with many clients all cores are busy, so requests/s is what is left for "
            "each. CPU is what each process used for one request."
        ),
        columns=("server", "requests/s", "p50 ms", "p99 ms", "CPU µs/request by process"),
        rows=[
            (
                name,
                Spread.of([turn.load.per_s for turn in own]).show(),
                Spread.of([turn.load.p50_ms for turn in own]).show(1),
                Spread.of([turn.load.p99_ms for turn in own]).show(1),
                _cpu(own),
            )
            for name, own in turns.items()
        ],
        goals=[_latency_goal(turns), *_litellm_goals(turns)],
        notes=warn_of_generator([turn.load for own in turns.values() for turn in own]),
    )


def _cpu(own: list[_Turn]) -> str:
    names = own[0].cpu_us
    medians = {name: Spread.of([turn.cpu_us[name] for turn in own]).median for name in names}
    return " ".join(f"{name} {cpu_us:,.0f}" for name, cpu_us in medians.items())


def _latency_goal(turns: dict[str, list[_Turn]]) -> Goal:
    p50_ms = [turn.load.p50_ms for turn in turns[f"{_OURS}, clients: 1"]]
    return Goal("p50 at one client", Spread.of(p50_ms), now=6, unit="ms", at_least=False)


def _litellm_goals(turns: dict[str, list[_Turn]]) -> list[Goal]:
    if f"{_LITELLM}, clients: 1" not in turns:
        return []
    theirs = {clients: turns[f"{_LITELLM}, clients: {clients}"] for clients in _CLIENTS}
    ours = {clients: turns[f"{_OURS}, clients: {clients}"] for clients in _CLIENTS}
    per_s = ratio([t.load.per_s for t in ours[64]], [t.load.per_s for t in theirs[64]])
    p50 = ratio([t.load.p50_ms for t in ours[1]], [t.load.p50_ms for t in theirs[1]])
    return [
        Goal("requests/s at 64 clients, x LiteLLM", per_s, now=4),
        Goal("p50 at one client, x LiteLLM's", p50, now=0.25, at_least=False),
    ]
