"""Lines that begin alike stand together, and a server that remembers beginnings computes less."""

from __future__ import annotations

import json
import random
from collections import OrderedDict
from itertools import pairwise

import pytest

from shared.jobs.job import NewJob
from shared.operation import Operation
from tests.support.factories import new_job
from workers.batches.beginnings import marked, together


def job(system: str, user: str, model: str = "m") -> NewJob:
    messages = [{"role": "system", "content": system}, {"role": "user", "content": user}]
    request = json.dumps({"model": model, "messages": messages}).encode()
    return new_job(model=model, request=request)


def test_jobs_of_one_model_that_begin_alike_stand_together() -> None:
    systems = [f"You are number {n}. " + "Be kind. " * 60 for n in range(7)]
    wanted = [(n, job(systems[n % 7], f"say {n}", "ab"[n % 2])) for n in range(140)]
    order = together(wanted)
    assert sorted(order) == sorted(wanted)
    changes = [
        one[0] % 7 != other[0] % 7 or one[1].model != other[1].model
        for one, other in pairwise(order)
    ]
    assert sum(changes) == 13
    assert len({marked(new).beginning for _, new in wanted}) == 7


@pytest.mark.parametrize(
    "new",
    [
        pytest.param(new_job(), id="nothing is said"),
        pytest.param(job("", "short"), id="too short to be worth it"),
        pytest.param(
            new_job(request=b'{"input":"' + b"x" * 999, operation=Operation.EMBEDDING),
            id="nothing is kept of embeddings",
        ),
    ],
)
def test_job_that_no_cache_would_serve_has_no_mark(new: NewJob) -> None:
    assert marked(new) == new


def test_other_operations_begin_elsewhere() -> None:
    long = b"y" * 600
    for operation, name in ((Operation.COMPLETION, b"prompt"), (Operation.RESPONSE, b"input")):
        made = [
            marked(new_job(request=b'{"n":%d,"%s":"%s"}' % (n, name, long), operation=operation))
            for n in range(2)
        ]
        assert made[0].beginning == made[1].beginning != ""


def test_cache_serves_most_lines_that_were_mixed() -> None:
    """A server that remembers 4 of 20 beginnings, lines in the steps in which they are fed."""
    chance = random.Random(5)
    systems = [f"{n} " + "x" * 600 for n in range(20)]
    jobs = [job(systems[chance.randrange(20)], str(n)) for n in range(5000)]
    steps = [jobs[first : first + 250] for first in range(0, 5000, 250)]
    ordered = [pair[1] for step in steps for pair in together([(0, new) for new in step])]
    assert _hits(jobs, 4) < 0.25
    assert _hits(ordered, 4) > 0.9


def _hits(jobs: list[NewJob], room: int) -> float:
    known: OrderedDict[str, None] = OrderedDict()
    hits = 0
    for new in jobs:
        system = json.loads(new.request)["messages"][0]["content"]
        hits += system in known
        known[system] = None
        known.move_to_end(system)
        if len(known) > room:
            known.popitem(last=False)
    return hits / len(jobs)
