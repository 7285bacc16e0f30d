"""A ReplyTo at whose providers each has a manner, alone and beside a provider that answers well."""

from __future__ import annotations

import json
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.codecs.ndjson import LineParser
from shared.codecs.sse import EventParser
from tests.acceptance.system.api import Api
from tests.acceptance.system.stack import ALL_ROLES, CHAT, Stack
from tests.upstreams import good
from tests.upstreams.manner import Failed, Manner
from tests.upstreams.manners import MANNERS, endless
from tests.upstreams.paced import paced
from tests.upstreams.server import Asked, RawUpstream, Reply

#: Ends the name of a model that has a good provider too.
_BESIDE = "-beside"
#: Models whose streams take their time, and what streams them.
PACED, PACED_GZIP = "paced", "paced-gzip"
_PACED = {PACED: paced(gzipped=False), PACED_GZIP: paced(gzipped=True)}
#: Longest attempt (seconds): what is endless meets another limit before, on a busy machine too.
_ATTEMPT_S = 100
#: The worker of those models whose upstreams meet no other limit. It is waited for in full, at full
#: load, so it is short there.
_HASTY, _HASTY_ATTEMPT_S = "hasty", 4


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one job."""

    status: int
    #: What its client got, and what the ledger has.
    body: bytes
    job: dict[str, Any]

    @property
    def events(self) -> list[Any]:
        """What the events, or the lines, of the client's stream say."""
        parser = LineParser() if self.body.startswith(b"{") else EventParser()
        pieces = [*parser.feed(self.body), *parser.finish()]
        return [json.loads(piece) for piece in pieces if piece.startswith(b"{")]

    @property
    def stored(self) -> Any:
        """The answer that the job has."""
        return json.loads(self.job["responseBody"])


class MannersStack:
    """The stack and its upstream. All jobs are made at once, when the first is asked for."""

    def __init__(self, directory: Path) -> None:
        replies: dict[str, Reply] = {manner.slug: manner.reply for manner in MANNERS}
        for kind in {manner.kind for manner in MANNERS}:
            replies[f"good-{kind.name}"] = _answering(good.answer(kind))
        self.upstream = RawUpstream(replies | _PACED)
        self._directory = directory
        self._made: dict[str, Future[Outcome]] = {}

    def __enter__(self) -> MannersStack:
        self.upstream.start()
        self.stack = Stack(
            self._directory,
            demo_models=(),
            providers=self._providers(),
            settings={
                "REPLYTO_MAX_ATTEMPTS": "2",
                "REPLYTO_RETRY_BASE_S": "0.05",
                "REPLYTO_PROVIDER_FAILURES": "1000",
                "REPLYTO_ATTEMPT_TIMEOUT_S": str(_ATTEMPT_S),
                # Less than by default, so that the size is found before the time is over.
                "REPLYTO_ANSWER_MAX_BYTES": str(4 * 1024 * 1024),
            },
        )
        self.stack.pool(_HASTY, _models(hasty=True))
        self.stack.pool(CHAT, [*_PACED, *_models(hasty=False)])
        self.stack.give(_HASTY, REPLYTO_ATTEMPT_TIMEOUT_S=str(_HASTY_ATTEMPT_S))
        self.stack.open(*ALL_ROLES, _HASTY)
        self._threads = ThreadPoolExecutor(64)
        # Whoever takes all that a worker has is no test of another's time limit.
        self._few = ThreadPoolExecutor(4)
        self._hasty = ThreadPoolExecutor(5)
        return self

    def __exit__(self, *exc: object) -> None:
        for threads in (self._threads, self._few, self._hasty):
            threads.shutdown(cancel_futures=True)
        self.stack.close()
        self.upstream.stop()

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        return self.stack.logs()

    def outcome(self, manner: Manner, *, beside: bool = False) -> Outcome:
        """Return what became of the job; `beside`: of the one whose model has a good provider."""
        return self._job_of(manner, beside=beside).result()

    def ahead(self, manner: Manner, *, beside: bool) -> None:
        """Begin with the manner's job: others are made meanwhile."""
        self._job_of(manner, beside=beside)

    def _job_of(self, manner: Manner, *, beside: bool) -> Future[Outcome]:
        key = manner.slug + (_BESIDE if beside else "")
        if key not in self._made:
            self._made[key] = self._submit(manner, key)
        return self._made[key]

    def _submit(self, manner: Manner, model: str) -> Future[Outcome]:
        return self._threads_for(manner).submit(self._make, manner, model)

    def _threads_for(self, manner: Manner) -> ThreadPoolExecutor:
        if is_hasty(manner):
            return self._hasty
        return self._few if manner.title in endless.TITLES else self._threads

    def _make(self, manner: Manner, model: str) -> Outcome:
        with self.stack.api() as api:
            answer = api.post(manner.kind.path, json=manner.kind.request(model))
            job_id = int(answer.headers["x-job-id"])
            api.until_ended(job_id)
            return Outcome(answer.status_code, answer.content, _job(api, job_id))

    def _providers(self) -> str:
        rows = [self._provider(name, "anthropic", [name], 0) for name in _PACED]
        rows += [self._provider(m.slug, m.kind.dialect, _models_of(m), 1) for m in MANNERS]
        for kind in {manner.kind for manner in MANNERS}:
            beside_it = [m.slug + _BESIDE for m in MANNERS if m.kind == kind and is_failure(m)]
            if beside_it:
                rows.append(self._provider(f"good-{kind.name}", kind.dialect, beside_it, 0))
        return "\n".join(rows)

    def _provider(self, name: str, dialect: str, models: list[str], priority: int) -> str:
        return (
            f'[[provider]]\nname = "{name}"\ntype = "{dialect}"\npriority = {priority}\n'
            f'base_url = "{self.upstream.base_url(name)}"\nmodels = {json.dumps(models)}\n'
        )


def is_failure(manner: Manner) -> bool:
    """Whether the job fails where there is no other provider."""
    return isinstance(manner.ends, Failed)


def is_hasty(manner: Manner) -> bool:
    """Whether nothing but the time limit ends it."""
    return manner.ends is endless.TOO_LATE


def _models(*, hasty: bool) -> list[str]:
    return [m for manner in MANNERS if is_hasty(manner) is hasty for m in _models_of(manner)]


def _models_of(manner: Manner) -> list[str]:
    return [manner.slug, *([manner.slug + _BESIDE] if is_failure(manner) else [])]


def _answering(pieces: list[bytes]) -> Reply:
    def reply(_asked: Asked) -> list[bytes]:
        return pieces

    return reply


def _job(api: Api, job_id: int) -> dict[str, Any]:
    return api.job(job_id)
