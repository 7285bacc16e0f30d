"""All hostile peers at once against one stack, and innocent clients beside them."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from cli.ports import free_port
from shared.open_files import allow_many_connections
from tests.acceptance.hostile.ground import Ground, Peer
from tests.acceptance.hostile.health import Vitals
from tests.acceptance.hostile.peers import askers, client_peers, key_holders, servers
from tests.acceptance.hostile.peers.peer_process import Running, running
from tests.acceptance.hostile.report import Result
from tests.acceptance.hostile.samples import Samples
from tests.acceptance.hostile.watch import Watch
from tests.acceptance.system.memory import family, open_files, resident_bytes
from tests.acceptance.system.stack import ALL_ROLES, Stack

_SAMPLE_S: Final = 5.0
_PROGRESS_S: Final = 15.0
#: How long innocents are measured alone before (seconds), at most.
_ALONE_S: Final = 60.0
#: Each peer rests so long between its steps (seconds): it is one of some thirty on this machine.
_PACE_S: Final = 0.5
_MB: Final = 1_000_000

#: What is not as by default: an answer without end ends sooner, and what is over is gone sooner, so
#: that the ledger comes to its full size within minutes.
_SETTINGS: Final = {
    "REPLYTO_CALLBACK_ALLOW_PRIVATE": "true",
    "REPLYTO_CALLBACK_SCHEDULE": "1,5",
    "REPLYTO_PROVIDER_FAILURES": "1000000",
    "REPLYTO_MAX_ATTEMPTS": "2",
    "REPLYTO_ATTEMPT_TIMEOUT_S": "20",
    "REPLYTO_JOB_TIMEOUT_S": "120",
    "REPLYTO_RESULT_TTL_S": "20",
    "REPLYTO_STREAM_TTL_S": "20",
    "REPLYTO_HISTORY_BODIES": "none",
}
#: How long after all have left it is looked at what each process still holds.
_CALM_S: Final = 30.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do; times in seconds."""

    seed: int
    seconds: float
    pace_s: float = _PACE_S


class HostileRun:
    """The parts of a run. `say` gets a line of progress now and then."""

    def __init__(self, plan: Plan, directory: Path, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._say = say
        self._ports = {name: free_port() for name in ("llm", "upstreams", "receivers")}
        providers = servers.well_meant(self._ports["llm"]) + servers.hostile(
            self._ports["upstreams"]
        )
        self._stack = Stack(directory, demo_models=(), settings=_SETTINGS, providers=providers)
        self._samples = Samples()
        self._peers: dict[str, Running] = {}

    def __call__(self) -> Result:
        """Do it all; return what came of it."""
        allow_many_connections()
        with ExitStack() as held:
            for deed, port in (
                (servers.kind_llm, "llm"),
                (servers.hostile_upstreams, "upstreams"),
                (servers.hostile_receivers, "receivers"),
            ):
                server = held.enter_context(running(deed, self._ports[port], self._plan.seed))
                self._peers[deed.__name__] = server
            held.enter_context(self._stack).open()
            watch = held.enter_context(Watch(self._stack))
            return self._measure(watch, held)

    def _measure(self, watch: Watch, held: ExitStack) -> Result:
        vitals = Vitals(self._stack)
        before = _processes(self._stack)
        watch.go_on(min(_ALONE_S, self._plan.seconds / 6))
        alone = watch.taken()
        self._let_loose(held)
        watch.taken()
        self._go_on(watch)
        beside = watch.taken()
        ended = [f"the peer '{n}' has ended" for n, p in self._peers.items() if not p.is_alive]
        for peer in self._peers.values():
            peer.call_off()
        time.sleep(min(_CALM_S, self._plan.seconds / 6))
        now = _processes(self._stack)
        gone = [name for name, pid in before.items() if pid not in now.values()]
        return Result(
            seed=self._plan.seed,
            seconds=self._plan.seconds,
            deeds={name: peer.done for name, peer in self._peers.items()},
            alone=alone,
            beside=beside,
            samples=self._samples,
            afterwards={name: resident_bytes(pid) / _MB for name, pid in now.items()},
            wrong=[
                *(f"{name} is gone" for name in gone),
                *ended,
                *vitals.complaints(),
                *watch.wrong,
            ],
        )

    def _let_loose(self, held: ExitStack) -> None:
        ground = Ground(self._stack, self._plan.seed, self._plan.pace_s)
        for name, peer in self._all_peers().items():
            self._say(f"begins: {name}")
            begun = held.enter_context(peer(ground))
            assert isinstance(begun, Running)
            self._peers[name] = begun

    def _all_peers(self) -> dict[str, Peer]:
        ask = key_holders.with_key(askers.ask_hostile_upstreams, count=8)
        name = key_holders.with_key(
            askers.name_hostile_receivers, count=4, receivers=self._ports["receivers"]
        )
        return {
            **client_peers.PEERS,
            **key_holders.PEERS,
            **key_holders.READERS,
            "asks hostile upstreams": ask,
            "names hostile receivers": name,
        }

    def _go_on(self, watch: Watch) -> None:
        begun = told = time.monotonic()
        while time.monotonic() - begun < self._plan.seconds:
            watch.go_on(_SAMPLE_S)
            self._sample()
            if time.monotonic() - told >= _PROGRESS_S:
                told = time.monotonic()
                deeds = sum(peer.done for peer in self._peers.values())
                self._say(f"{told - begun:5.0f} s  {deeds} hostile deeds  {watch.progress()}")

    def _sample(self) -> None:
        for name, pid in _processes(self._stack).items():
            try:
                self._samples.add(name, "RSS, MB", resident_bytes(pid) / _MB)
                self._samples.add(name, "files", open_files(pid))
            except FileNotFoundError:
                self._say(f"{name} is gone")


def _processes(stack: Stack) -> dict[str, int]:
    """Return the ids of all processes of the stack by their names."""
    return {f"{role} {pid}": pid for role in ALL_ROLES for pid in family(stack.pid(role))}
