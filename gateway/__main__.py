"""Serves the gateway: `python -m gateway` runs gunicorn with gevent workers."""

from __future__ import annotations

# Before anything else: what has imported `ssl` unpatched blocks the process in each read over TLS.
from gevent import monkey

monkey.patch_all()

# ruff: noqa: E402
import errno
import socket
import sys
import time
from contextlib import suppress
from typing import Any, Final

from gunicorn.app.base import BaseApplication

from gateway.self_check import check_gateway
from shared.database.database import prepare
from shared.freed_memory import give_back_freed
from shared.listen_address import not_listening, url_host
from shared.open_files import allow_many_connections
from shared.providers.provider import read_file
from shared.settings import Settings, SettingsError, load_settings
from shared.telemetry.log_setup import set_up, tell_mistyped

#: What log lines call this process.
_NAME: Final = "gateway"
#: How long a port that is taken is asked for, and how often: a process before it may be ending.
_PATIENCE_S: Final = 5.0
_AGAIN_S: Final = 0.2


class GatewayServer(BaseApplication):  # type: ignore[misc]
    """Gunicorn, configured by our settings."""

    def __init__(self, settings: Settings) -> None:
        #: What the worker asks for its limits.
        self.settings = settings
        super().__init__()

    def load_config(self) -> None:
        """Tell gunicorn what to be."""
        options: dict[str, Any] = {
            "bind": f"{url_host(_literal(self.settings.host))}:{self.settings.port}",
            "workers": self.settings.gateway_processes,
            # gevent's own WSGI server: a fifth less CPU a request than gunicorn's loop on gevent.
            "worker_class": _worker_class(self.settings),
            "logger_class": "gateway.server.log.ServerLog",
            # Of a process, not of a request: a gevent worker says it lives while requests wait.
            "timeout": 60,
            # How long requests may take to end after SIGTERM (seconds).
            "graceful_timeout": 30,
            "proc_name": "replyto-gateway",
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """Return the app. Called in the worker, after gevent has patched the standard library."""
        from gateway.app import create_app  # noqa: PLC0415
        from gateway.http.log_context import about_request, tell_access_log  # noqa: PLC0415

        set_up(_NAME, self.settings, about_request)
        app = create_app()
        if self.settings.access_log:
            tell_access_log(app)
        return app


def _worker_class(settings: Settings) -> str:
    """Return gunicorn's name of the worker; the one that logs requests costs those who want it."""
    room = "gateway.server"
    return f"{room}.access_log.LoggingWorker" if settings.access_log else f"{room}.serving.Worker"


def _literal(host: str) -> str:
    """Return the address of a name, IPv4 where it has one; gunicorn knows no other for names."""
    if ":" in host:
        return host
    for family in (socket.AF_INET, socket.AF_INET6):
        with suppress(OSError):
            return str(socket.getaddrinfo(host, None, family, socket.SOCK_STREAM)[0][4][0])
    sys.exit(f"replyto: REPLYTO_HOST: there is no host '{host}'")


def _bind_problem(host: str, port: int) -> str:
    """Return why nothing can listen there; whoever has the port may be about to give it up."""
    address, until_s = _literal(host), time.monotonic() + _PATIENCE_S
    while problem := _refusal(address, port):
        if problem.errno != errno.EADDRINUSE or time.monotonic() >= until_s:
            return not_listening(address, port, problem)
        time.sleep(_AGAIN_S)
    return ""


def _refusal(address: str, port: int) -> OSError | None:
    """Return what the system says to who wants to listen there; None if it may."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    try:
        # A kernel may have no IPv6 at all.
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((address, port))
    except OSError as exc:
        return exc
    return None


def main() -> None:
    """Read the settings and serve until stopped."""
    try:
        settings = load_settings()
        # Told here in one line, and by a worker of gunicorn's in forty.
        read_file(settings.providers_file)
    except SettingsError as exc:
        sys.exit(f"replyto: {exc}")
    if problem := _bind_problem(settings.host, settings.port):
        sys.exit(f"replyto: {problem}")
    set_up(_NAME, settings)
    tell_mistyped()
    allow_many_connections()
    give_back_freed()
    prepare(settings.effective_database_url)
    try:
        check_gateway(settings)
    except SettingsError as exc:
        sys.exit(f"replyto: {exc}")
    GatewayServer(settings).run()


if __name__ == "__main__":
    main()
