"""One ReplyTo on one machine: what `replyto up` starts, in which order, and when it is ready."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from signal import SIGTERM

import redis

from cli import running
from cli.console import Console
from cli.ports import bind_problem, free_port
from cli.stop_signals import StopSignals
from cli.up import banner, child_environment, embedded_redis, processes, readiness
from cli.up.child import ChildSpec
from cli.up.detection import (
    demo_provider,
    detect,
    engines_provider,
    is_configured,
    write_providers,
)
from cli.up.start_problem import StartProblem
from cli.up.supervisor import Supervisor
from shared.database.database import Database, why
from shared.errors import DatabaseUnavailable
from shared.listen_address import is_loopback, not_listening, reachable_host, url_host
from shared.machines.database_id import OwnFingerprints
from shared.machines.identity import check_at_start
from shared.media.engines import is_engine
from shared.settings import Settings, SettingsError

#: Stages of stopping: what chat workers still answer is completed and called back, calls of the
#: demo LLM may finish, and all need Redis to the end.
_STAGES = {"completion": 1, "callbacks": 1, "demo-llm": 1, "redis": 2}
_LATER_GRACE_S = 10.0

#: After this long the processes' own words are shown, seconds: something is slow.
_PATIENCE_S = 10.0


class Stack:
    """Starts everything, waits until it is ready, keeps it running, stops it."""

    def __init__(
        self,
        settings: Settings,
        console: Console,
        stop: StopSignals,
        *,
        force_demo: bool = False,
        verbose: bool = False,
    ) -> None:
        self._settings = settings
        self._console = console
        self._stop = stop
        self._force_demo = force_demo
        self._verbose = verbose
        self._supervisor = Supervisor(console, state_file=settings.data_dir / "up.json")
        self._demo = False
        self._began_at = time.monotonic()

    def run(self) -> None:
        """Run until told to stop; raises StartProblem."""
        self._check_port()
        if not self._verbose:
            self._console.hold()
        try:
            self._start()
            while not self._stop.count:
                self._supervisor.step()
        finally:
            self._end()

    def _start(self) -> None:
        self._note("data", str(self._settings.data_dir))
        configured = self._configured_providers()
        self._prepare_database()
        redis_url = self._start_redis()
        self._check_identity(redis_url)
        env = self._child_env(redis_url, self._start_llm(configured))
        workers = processes.workers(self._settings)
        self._supervisor.start(_spec("gateway", processes.gateway(), env))
        for name, argv in workers.items():
            self._supervisor.start(_spec(name, argv, child_environment.of_worker(name, env)))
        with embedded_redis.client_for(redis_url) as client:
            self._wait_until(lambda: not self._missing(client, list(workers)))
        self._console.release(show=False)
        if not self._stop.count:
            running.note(self._settings.data_dir, self._url)
            self._console.say(banner.render(self._facts(), self._console))

    def _check_port(self) -> None:
        host, port = self._settings.host, self._settings.port
        if problem := bind_problem(host, port):
            raise StartProblem(not_listening(host, port, problem))

    def _prepare_database(self) -> None:
        """Bring its schema up to date. Raises StartProblem when it cannot be reached."""
        database = Database(self._settings.effective_database_url)
        try:
            database.migrate()
        except DatabaseUnavailable as exc:
            raise StartProblem(f"cannot use the database {database}: {why(exc)}") from exc
        finally:
            database.close()

    def _check_identity(self, redis_url: str) -> None:
        """Raise StartProblem if secrets or database are not those that this Redis knows."""
        database = Database(self._settings.effective_database_url)
        try:
            with embedded_redis.client_for(redis_url) as client:
                own = OwnFingerprints(self._settings, database)()
                check_at_start(self._settings, client, own)
        except SettingsError as exc:
            raise StartProblem(str(exc)) from exc
        finally:
            database.close()

    def _start_redis(self) -> str:
        """Start a Redis, or check the one that is set; return its URL."""
        if url := self._settings.redis_url:
            embedded_redis.check(url)
            self._note("redis", "as REPLYTO_REDIS_URL says")
            return url
        server = embedded_redis.prepare(
            self._settings.data_dir, max_bytes=self._settings.embedded_redis_bytes
        )
        self._note("redis", f"{server.binary}, its data in {server.config.parent}")
        self._supervisor.start(
            # SIGTERM lets it write its append-only file, also when we are killed.
            replace(
                _spec("redis", server.argv, child_environment.plain(os.environ)),
                orphan_signal=SIGTERM,
            )
        )
        self._wait_until(lambda: embedded_redis.answers(server.url))
        return server.url

    def _configured_providers(self) -> Path | None:
        """Return the operator's providers file, if it counts. Raises StartProblem."""
        configured = self._settings.providers_file.resolve()
        required = "providers_file" in self._settings.model_fields_set
        if self._force_demo or not is_configured(configured, required=required):
            return None
        return configured

    def _start_llm(self, configured: Path | None) -> Path:
        """Return the providers file: the operator's, or one of what was found, or of the demo."""
        if configured is not None:
            self._note("LLMs", f"as {configured} says")
            return configured
        written = self._settings.data_dir / "providers.toml"
        found = [] if self._force_demo else detect(os.environ)
        if found:
            self._note("LLMs", f"found {', '.join(provider.name for provider in found)}")
        else:
            found = [demo_provider(self._start_demo())]
        engines = engines_provider(beside_demo=self._demo)
        if engines is not None:
            self._note("media", f"engines of this machine: {', '.join(engines.models)}")
            found = [*found, engines]
        write_providers(written, found)
        return written

    def _start_demo(self) -> int:
        port = free_port()
        self._demo = True
        argv = processes.demo_llm(port)
        env = {**child_environment.plain(os.environ), "PYTHONUNBUFFERED": "1"}
        self._supervisor.start(_spec("demo-llm", argv, env))
        self._note("LLMs", "none configured or found: the demo LLM answers, which is no real model")
        return port

    def _child_env(self, redis_url: str, providers_file: Path) -> dict[str, str]:
        env = {
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            "REPLYTO_REDIS_URL": redis_url,
            "REPLYTO_PROVIDERS_FILE": str(providers_file),
            "REPLYTO_DATA_DIR": str(self._settings.data_dir),
        }
        if is_loopback(self._settings.host):
            # Nobody else can submit jobs, and a first receiver is usually a local one.
            env.setdefault("REPLYTO_CALLBACK_ALLOW_PRIVATE", "true")
            env.setdefault("REPLYTO_PAGES_OPEN", "true")
        return env

    def _wait_until(self, ready: Callable[[], bool]) -> None:
        """Keep everything running until `ready`; raises StartProblem if a child keeps dying."""
        while not self._stop.count and not ready():
            self._supervisor.step(0.05)
            if name := self._supervisor.crash_looping():
                why = "\n".join(f"    {line}" for line in self._supervisor.tail(name))
                raise StartProblem(f"{name} keeps dying; its last words:\n{why}")
            if time.monotonic() - self._began_at > _PATIENCE_S:
                self._console.release(show=True)

    def _missing(self, client: redis.Redis, workers: list[str]) -> bool:
        """Tell whether gateway or workers cannot work yet."""
        pids = self._supervisor.pids
        if not pids.keys() >= {"gateway", *workers}:
            return True
        try:
            if readiness.workers_not_up(client, {name: pids[name] for name in workers}):
                return True
        except redis.RedisError:
            return True
        return not readiness.gateway_is_up(self._local_host(), self._settings.port)

    def _facts(self) -> banner.ReadyFacts:
        settings, host = self._settings, self._local_host()
        api_key = settings.api_key.get_secret_value()
        generated = settings.data_dir / "auth_secret"
        from_env = os.environ.get("REPLYTO_AUTH_SECRET")
        return banner.ReadyFacts(
            url=self._url,
            api_key=api_key,
            auth_secret_place="in REPLYTO_AUTH_SECRET" if from_env else f"in {generated}",
            # Those that can be asked for a chat first: the banner shows how.
            models=sorted(readiness.listed_models(host, settings.port, api_key), key=is_engine),
            demo=self._demo,
            took_s=time.monotonic() - self._began_at,
        )

    @property
    def _url(self) -> str:
        return f"http://{url_host(self._local_host())}:{self._settings.port}"

    def _local_host(self) -> str:
        """Return the address at which this machine reaches the gateway."""
        return reachable_host(self._settings.host)

    def _end(self) -> None:
        running.forget(self._settings.data_dir)
        if not self._stop.count:
            # The start failed, and why is told last: after that nobody wants to read how it ends.
            self._console.hold()
            self._supervisor.stop()
            return
        self._console.release(show=False)
        self._console.say("\nStopping; what runs may finish. Ctrl-C again stops at once.")
        self._supervisor.stop(at_once=lambda: self._stop.count > 1)
        self._console.say("Stopped.")

    def _note(self, label: str, text: str) -> None:
        self._console.say(f"  {self._console.style(f'{label:<6}', dim=True)} {text}")


def _spec(name: str, argv: list[str], env: dict[str, str] | None = None) -> ChildSpec:
    spec = ChildSpec(name, argv, env, stage=_STAGES.get(name, 0))
    return replace(spec, grace_s=_LATER_GRACE_S) if spec.stage else spec
