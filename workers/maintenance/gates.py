"""Tends the gates: jobs that wait for a provider go on when one is there again.

A slot that is given back is handed over at once by the script that frees it; this is for all else:
a provider that is online again, has more slots now, was added or deleted, or whose worker died.
"""

from __future__ import annotations

from shared.queues import names as task_names
from shared.queues.candidates import Candidate
from shared.queues.gates import gate_parts
from workers.routing.candidates import candidates_of, usable
from workers.routing.deps import RoutingDeps


def tend_gates(deps: RoutingDeps) -> None:
    """Open the gates that need not be closed; hand free slots to those that do."""
    to_open: list[str] = []
    waits: list[tuple[str, str]] = []
    for gate in deps.slots.gates():
        parts, candidates = gate_parts(gate), _candidates(deps, gate)
        able = [one.provider for one in usable(candidates)]
        needs_no_slot = not all(one.is_limited for one in able) or not candidates
        if needs_no_slot and gate == parts.queue:
            to_open.append(gate)
        elif not candidates:
            deps.slots.let_all_in(gate, parts.provider)
        else:
            waits += [(gate, one.name) for one in able]
    deps.slots.open_gates(to_open)
    if waits:
        deps.slots.await_slots(waits)
    names = {name for _, name in waits}
    limited = [one for one in deps.registry.providers if one.name in names]
    shut = deps.servers.shut
    deps.slots.hand_over([deps.learned.applied(one) for one in limited], shut)


def _candidates(deps: RoutingDeps, gate: str) -> list[Candidate]:
    """Return who could ever answer jobs at this gate.

    Without any they are let in as well: their claims end them, as those of jobs that did not wait.
    """
    queue, pinned, operation = gate_parts(gate)
    return [
        one
        for one in candidates_of(deps, task_names.model_of(queue))
        if pinned in ("", one.provider.name) and (not operation or operation in one.operations)
    ]
