"""Redis as operators have it: with TLS, on a socket file, or failing over between three servers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from cli.ports import free_port
from cli.up import embedded_redis
from tests.acceptance.system.certificates import Authority

REDIS = "redis"
#: The servers of a setup that fails over; the first one is master when it starts.
SERVERS = (REDIS, "redis2", "redis3")
SENTINELS = ("sentinel1", "sentinel2", "sentinel3")
MASTER_NAME = "ledger"
#: A password with all that has a meaning in a URL.
PASSWORD = "p@ss:w/o?r#d%&+="
_LIMITS = {"socket_timeout": 3, "socket_connect_timeout": 3, "retry": Retry(NoBackoff(), 0)}


@dataclass(frozen=True)
class RedisSetup:
    """What to run, in this order, and the REPLYTO_REDIS_URL that leads there."""

    url: str
    argvs: Mapping[str, list[str]]
    #: How to reach each part for itself.
    clients: Mapping[str, redis.Redis] = field(default_factory=dict)

    def answers(self, role: str) -> bool:
        """Whether this part is ready."""
        client = self.clients.get(role)
        if client is None:
            return embedded_redis.answers(self.url)
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False

    def close(self) -> None:
        """Close what it has asked with."""
        for client in self.clients.values():
            client.close()


def embedded(folder: Path) -> RedisSetup:
    """Return the one that `replyto up` runs."""
    server = embedded_redis.prepare(folder)
    return RedisSetup(server.url, {REDIS: server.argv})


def over_tls(folder: Path, port: int = 0) -> RedisSetup:
    """Return a server that speaks TLS only, and has a user of its own for us."""
    tls = _certificate(folder)
    port = port or free_port()
    more = [f"user replyto on >{PASSWORD} ~* &* +@all", "user default off ~* &* +@all"]
    config = _config(folder, REDIS, ["port 0", f"tls-port {port}", *_tls_lines(tls), *more])
    url = f"rediss://replyto:{quote(PASSWORD, safe='')}@127.0.0.1:{port}/0?ssl_ca_certs={tls[0]}"
    return RedisSetup(url, {REDIS: config})


def on_socket(folder: Path) -> RedisSetup:
    """Return a server without any port."""
    path = folder / "redis.sock"
    config = _config(folder, REDIS, ["port 0", f"unixsocket {path}", "unixsocketperm 700"])
    return RedisSetup(f"unix://{path}?db=3", {REDIS: config})


def failing_over(folder: Path, *, with_tls: bool = False) -> RedisSetup:
    """Return three servers, and three Sentinels that promote a replica when the master is gone."""
    ports = {role: free_port() for role in (*SERVERS, *SENTINELS)}
    tls = _certificate(folder) if with_tls else None
    argvs = {role: _server(folder, role, ports, tls) for role in SERVERS}
    argvs |= {role: _sentinel(folder, role, ports, tls) for role in SENTINELS}
    hosts = ",".join(f"127.0.0.1:{ports[role]}" for role in SENTINELS)
    url = f"sentinel://:{quote(PASSWORD, safe='')}@{hosts}/0?master_name={MASTER_NAME}"
    url += f"&ssl=true&ssl_ca_certs={tls[0]}" if tls else ""
    secure = {"ssl": True, "ssl_ca_certs": str(tls[0])} if tls else {}
    clients = {
        role: redis.Redis(
            host="127.0.0.1",
            port=ports[role],
            password=PASSWORD if role in SERVERS else None,
            **_LIMITS,
            **secure,
        )
        for role in argvs
    }
    return RedisSetup(url, argvs, clients)


def master_of(setup: RedisSetup) -> str:
    """Return the role of the server that the Sentinels call master. Raises LookupError."""
    for role in SENTINELS:
        try:
            said = setup.clients[role].sentinel_get_master_addr_by_name(MASTER_NAME)
        except redis.RedisError:
            continue
        ports = {setup.clients[r].connection_pool.connection_kwargs["port"]: r for r in SERVERS}
        if said is not None:
            return ports[int(said[1])]
    raise LookupError("no Sentinel answers")


def _server(
    folder: Path, role: str, ports: Mapping[str, int], tls: tuple[Path, Path] | None
) -> list[str]:
    lines = [*_port_lines(ports[role], tls), f"requirepass {PASSWORD}", f"masterauth {PASSWORD}"]
    lines += ["repl-diskless-sync-delay 0", "repl-backlog-size 64mb"]
    # As docs/operations.md says: who was master and has not heard of it yet takes nothing more.
    lines += ["min-replicas-to-write 1", "min-replicas-max-lag 10"]
    if role != REDIS:
        lines.append(f"replicaof 127.0.0.1 {ports[REDIS]}")
    return _config(folder, role, lines)


def _sentinel(
    folder: Path, role: str, ports: Mapping[str, int], tls: tuple[Path, Path] | None
) -> list[str]:
    lines = [
        *_port_lines(ports[role], tls),
        f"sentinel monitor {MASTER_NAME} 127.0.0.1 {ports[REDIS]} 2",
        f"sentinel auth-pass {MASTER_NAME} {PASSWORD}",
        f"sentinel down-after-milliseconds {MASTER_NAME} 2000",
        f"sentinel failover-timeout {MASTER_NAME} 6000",
        f"sentinel parallel-syncs {MASTER_NAME} 2",
    ]
    return [*_config(folder, role, lines, aof=False), "--sentinel"]


def _port_lines(port: int, tls: tuple[Path, Path] | None) -> list[str]:
    if tls is None:
        return [f"port {port}"]
    return ["port 0", f"tls-port {port}", "tls-replication yes", *_tls_lines(tls)]


def _tls_lines(tls: tuple[Path, Path]) -> list[str]:
    authority, pair = tls
    lines = [f"tls-ca-cert-file {authority}", f"tls-cert-file {pair}", f"tls-key-file {pair}"]
    return [*lines, "tls-auth-clients no"]


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Return the files of an authority, and of a certificate with its key for this machine."""
    authority = Authority(folder)
    authority.context("redis")
    return authority.file, folder / "redis.pem"


def _config(folder: Path, role: str, lines: list[str], *, aof: bool = True) -> list[str]:
    place = folder / role
    place.mkdir(parents=True)
    common = ["bind 127.0.0.1", "protected-mode no", f"dir {place}", "loglevel notice"]
    if aof:
        common += ["appendonly yes", "appendfsync everysec", 'save ""']
        common += ["maxmemory-policy noeviction"]
    file = place / "redis.conf"
    file.write_text("\n".join([*common, *lines, ""]), "utf-8")
    return [str(embedded_redis.find_server()), str(file)]
