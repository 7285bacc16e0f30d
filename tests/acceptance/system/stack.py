"""A whole ReplyTo on this machine, every part of it a real process that a test can break."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path
from signal import SIGCONT, SIGSTOP
from urllib.parse import urlsplit

import redis

from cli.demo.llm import DemoLlm
from cli.demo.recording import RecordedRequest
from cli.ports import free_port
from cli.up import embedded_redis, processes, readiness
from cli.up.detection import DEMO_MEDIA
from shared.queues import names as task_names
from shared.security.sealing import new_encryption_key
from shared.settings import new_api_key, new_callback_secret
from tests.acceptance.llms.canned_llm import Answer, CannedCall, CannedLlm
from tests.acceptance.system import redis_setups
from tests.acceptance.system.api import Api
from tests.acceptance.system.guard import Guard
from tests.acceptance.system.memory import family, open_sockets, resident_bytes
from tests.acceptance.system.polling import until
from tests.acceptance.system.process import Process
from tests.acceptance.system.receiver import CallbackReceiver
from tests.acceptance.system.redis_setups import RedisSetup
from tests.support.factories import new_settings

REDIS = "redis"
GATEWAY = "gateway"
COMPLETION = "completion"
CALLBACKS = "callbacks"
CHAT = "chat1"
#: What a whole ReplyTo consists of; Redis comes first.
ALL_ROLES = (REDIS, GATEWAY, COMPLETION, CALLBACKS, CHAT)

#: How long everything may take to be ready (seconds): five Pythons on a busy machine.
_READY_LIMIT_S = 180.0
_ROOT = Path(__file__).parents[3]
#: Lines of each log that are shown when a test fails.
_LOG_LINES = 60


class Stack:
    """The processes by role, and the servers around them: LLMs and a callback receiver.

    The demo LLM, the canned LLM and the receiver live in this process and outlive every fault.
    """

    def __init__(
        self,
        directory: Path,
        *,
        demo_models: Sequence[str] = ("demo-instant",),
        aliases: Mapping[str, str] | None = None,
        canned: Mapping[str, Answer] | None = None,
        settings: Mapping[str, str] | None = None,
        providers: str = "",
        redis_setup: Callable[[Path], RedisSetup] = redis_setups.embedded,
    ) -> None:
        """`aliases` maps public names to those of the demo LLM; `settings` are variables.

        `providers` is the text of a providers file to add; `redis_setup` says which Redis to run.
        """
        self.directory = directory
        self._llm_record = directory / "llm.jsonl"
        self.llm = DemoLlm(record=self._llm_record)
        self.receiver = CallbackReceiver()
        #: For callbacks that hang: they hold up others to the same host and port, as they should.
        self.hanging_receiver = CallbackReceiver()
        self.api_key = new_api_key()
        self.callback_secret = new_callback_secret()
        self.encryption_key = new_encryption_key()
        self._canned = CannedLlm(canned or {})
        self._demo_models = demo_models
        self._aliases = aliases or {}
        self._set = dict(settings or {})
        self._more_providers = providers
        self._port = free_port()
        self._guard = Guard()
        self._processes: dict[str, Process] = {}
        self._pools: dict[str, list[str]] = {}
        self._pool_sizes: dict[str, int] = {}
        self._make_redis = redis_setup
        #: How often each role was started.
        self.starts: Counter[str] = Counter()
        self._env: dict[str, str] = {}
        self._role_env: dict[str, Mapping[str, str]] = {}
        self.redis: redis.Redis = redis.Redis()

    # --- its life ---------------------------------------------------------------------------

    def open(self, *roles: str) -> Stack:
        """Start the servers around it and these processes; return when all are ready."""
        (self.directory / "logs").mkdir(parents=True)
        for server in (self.llm, self._canned, self.receiver, self.hanging_receiver):
            server.start()
        self._prepare()
        self.start(*(roles or (*self.redis_setup.argvs, *ALL_ROLES[1:])))
        self.wait_ready()
        return self

    def close(self) -> None:
        """Kill everything."""
        for process in self._processes.values():
            process.kill()
        self._guard.close()
        self.redis.close()
        self.redis_setup.close()
        for server in (self.hanging_receiver, self.receiver, self._canned, self.llm):
            server.stop()

    def __enter__(self) -> Stack:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def pool(self, role: str, models: Iterable[str], concurrency: int = 0) -> str:
        """Name a chat worker that serves these models only; return the role.

        `concurrency` is how many calls it makes at once, 0 the usual number.
        """
        self._pools[role] = [task_names.chat_queue(model) for model in models]
        self._pool_sizes[role] = concurrency
        return role

    def give(self, role: str, **variables: str) -> None:
        """Set variables for one role, from its next start on."""
        self._role_env[role] = variables

    @property
    def env(self) -> dict[str, str]:
        """The environment of its processes."""
        return dict(self._env)

    # --- its processes ----------------------------------------------------------------------

    def start(self, *roles: str) -> None:
        """Start processes that do not run; Redis, if it is among them, answers afterwards."""
        for role in roles:
            assert role not in self._processes, f"{role} runs"
            self.starts[role] += 1
            log = self.directory / "logs" / f"{role}.log"
            argv = self._argv(role)
            env = {**self._env, **self._role_env.get(role, {})}
            self._processes[role] = Process(role, argv, env, log, self._guard, self._cwd(role))
            if role in self.redis_setup.argvs:
                until(partial(self.redis_setup.answers, role), f"{role} answers")

    def stop(self, role: str) -> int:
        """Ask a process to end (SIGTERM); return its exit status."""
        return self._processes.pop(role).stop()

    def kill(self, role: str) -> None:
        """End a process without a word (SIGKILL)."""
        self._processes.pop(role).kill()

    def pid(self, role: str) -> int:
        """Return a process's id."""
        return self._processes[role].pid

    def pause(self, role: str) -> None:
        """Freeze a process (SIGSTOP)."""
        self._processes[role].signal(SIGSTOP)

    def resume(self, role: str) -> None:
        """Let a frozen process go on (SIGCONT)."""
        self._processes[role].signal(SIGCONT)

    def restart(self, role: str) -> None:
        """Kill a process and start it again, as a supervisor does."""
        self.kill(role)
        self.start(role)

    def ended(self) -> list[str]:
        """Return the roles whose process ended by itself."""
        return [role for role, process in self._processes.items() if not process.is_running]

    def wait_ready(self) -> None:
        """Return when every process that was started can do its work."""
        try:
            until(self._is_ready, f"{sorted(self._processes)} are ready", within_s=_READY_LIMIT_S)
        except AssertionError as error:
            logs = "\n".join(f"--- {role}\n{text}" for role, text in self.logs().items())
            raise AssertionError(f"{error}\n{logs}") from error

    # --- what tests ask it ------------------------------------------------------------------

    @property
    def url(self) -> str:
        """The gateway's base URL."""
        return f"http://127.0.0.1:{self._port}"

    def api(self, key: str | None = "") -> Api:
        """Return a session with the API key; with another key, or None for none."""
        return Api(self.url, self.api_key if key == "" else key)

    def llm_calls(self, marker: str) -> list[RecordedRequest]:
        """Return the calls that the demo LLM got whose body contains the marker."""
        return [call for call in self.llm.requests if marker.encode() in call.body]

    def llm_calls_over(self, marker: str) -> int:
        """Return how many of these calls are over: answered, or their connection is closed."""
        lines = self._llm_record.read_text("utf-8").splitlines()
        return sum(marker in line for line in lines)

    def canned_calls(self, marker: str) -> list[CannedCall]:
        """Return the calls that the canned LLM got whose body contains the marker."""
        return self._canned.calls_of(marker)

    def memory_bytes(self, role: str) -> int:
        """Return what a role's processes hold in memory."""
        return sum(map(resident_bytes, family(self._processes[role].pid)))

    def sockets(self, role: str) -> int:
        """Return how many sockets a role's processes have open, besides those to Redis.

        These are as many as there were commands at once at any time.
        """
        port = urlsplit(self._env["REPLYTO_REDIS_URL"]).port or 0
        return sum(open_sockets(pid, port) for pid in family(self._processes[role].pid))

    def log(self, role: str) -> str:
        """Return all that a role's processes have printed."""
        return (self.directory / "logs" / f"{role}.log").read_text("utf-8", "replace")

    def logs(self) -> dict[str, str]:
        """Return the last lines of each process."""
        files = sorted((self.directory / "logs").glob("*.log"))
        return {
            file.stem: "\n".join(self.log(file.stem).splitlines()[-_LOG_LINES:]) for file in files
        }

    # --- parts ------------------------------------------------------------------------------

    def _prepare(self) -> None:
        self.redis_setup = self._make_redis(self.directory)
        self.redis = embedded_redis.client_for(self.redis_setup.url)
        providers = self.directory / "providers.toml"
        providers.write_text(self._providers(), "utf-8")
        inherited = {
            name: value
            for name, value in os.environ.items()
            if (not name.startswith(("REPLYTO_", "PYTEST")) or name == "REPLYTO_LEAN")
            and not name.lower().endswith(("_proxy", "_ca_bundle"))
        }
        self._env = {
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "PYTHONPATH": str(_ROOT),
            "REPLYTO_HOST": "127.0.0.1",
            "REPLYTO_PORT": str(self._port),
            "REPLYTO_DATA_DIR": str(self.directory),
            "REPLYTO_REDIS_URL": self.redis_setup.url,
            "REPLYTO_PROVIDERS_FILE": str(providers),
            "REPLYTO_API_KEY": self.api_key,
            "REPLYTO_CALLBACK_SECRET": self.callback_secret,
            "REPLYTO_ENCRYPTION_KEY": self.encryption_key,
            "REPLYTO_CALLBACK_ALLOW_PRIVATE": "true",
            **self._set,
        }

    def _providers(self) -> str:
        demo, canned = list(self._demo_models), list(self._canned.answers)
        media = [f"{name!r} = {list(DEMO_MEDIA[name])!r}" for name in demo if name in DEMO_MEDIA]
        told = "\n".join([f"models = {demo!r}", "[provider.model_operations]", *media])
        rows = [_provider("demo", self.llm.url, told)] if demo else []
        if canned:
            rows.append(_provider("canned", self._canned.url, f"models = {canned!r}"))
        if self._aliases:
            table = [f"{name!r} = {own!r}" for name, own in self._aliases.items()]
            rows.append(
                _provider("renamed", self.llm.url, "\n".join(["[provider.models]", *table]))
            )
        return "\n".join([*rows, self._more_providers])

    def _argv(self, role: str) -> list[str]:
        settings = new_settings()
        if role in self._pools:
            size = self._pool_sizes[role] or settings.chat_concurrency
            return processes.worker(role, concurrency=size, queues=self._pools[role])
        known = {
            **self.redis_setup.argvs,
            GATEWAY: processes.gateway(),
            **processes.workers(settings),
        }
        return known[role]

    def _cwd(self, _role: str) -> Path:
        return _ROOT

    def _is_ready(self) -> bool:
        dead = self.ended()
        assert not dead, f"{dead} ended"
        no_worker = {GATEWAY, *self.redis_setup.argvs}
        workers = {r: p.pid for r, p in self._processes.items() if r not in no_worker}
        if readiness.workers_not_up(self.redis, workers):
            return False
        return GATEWAY not in self._processes or readiness.gateway_is_up("127.0.0.1", self._port)


def _provider(name: str, base_url: str, models: str) -> str:
    return f'[[provider]]\nname = "{name}"\nbase_url = "{base_url}"\n{models}\n'
