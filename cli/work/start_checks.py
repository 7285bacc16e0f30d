"""What `replyto work` looks at before it starts anything: what no restart would mend.

A Redis or a database that does not answer now is none of it: workers wait for them.
"""

from __future__ import annotations

import difflib
from collections.abc import Sequence

import redis

from cli.ports import bind_problem
from cli.up.start_problem import StartProblem
from shared.database.database import Database, prepare
from shared.listen_address import not_listening
from shared.machines.database_id import OwnFingerprints
from shared.machines.identity import check_at_start
from shared.providers.provider import Registry, read_file
from shared.providers.registry_store import RegistryStore
from shared.settings import Settings, SettingsError


def check_port(settings: Settings) -> None:
    """Raise StartProblem if the gateway could not listen."""
    if problem := bind_problem(settings.host, settings.port):
        raise StartProblem(not_listening(settings.host, settings.port, problem))


def check_identity(settings: Settings, client: redis.Redis, *, with_database: bool) -> None:
    """Raise StartProblem if secrets or database are not those that this Redis knows.

    A chat or callbacks worker has no use for a database: it may have none.
    """
    database = _prepared(settings) if with_database else None
    try:
        check_at_start(settings, client, OwnFingerprints(settings, database)())
    except SettingsError as exc:
        raise StartProblem(str(exc)) from exc
    finally:
        if database:
            database.close()


def _prepared(settings: Settings) -> Database:
    """Return the database, with its schema up to date where it answers."""
    prepare(settings.effective_database_url)
    return Database(settings.effective_database_url)


def check_providers(models: Sequence[str], settings: Settings, client: redis.Redis) -> None:
    """Raise StartProblem if no provider has one of these models, as far as can be told now.

    A providers file that cannot be read raises SettingsError.
    """
    file = read_file(settings.providers_file) or []
    try:
        noted = RegistryStore(client).read()[1].providers
    except redis.RedisError:
        return
    known = Registry([*file, *noted]).known_models
    for model in models:
        if model not in known:
            close = difflib.get_close_matches(model, known, n=1)
            hint = f"; did you mean {close[0]!r}?" if close else ""
            raise StartProblem(f"--model: no provider has {model!r}{hint}")
        if "," in model:
            raise StartProblem(
                f"--model: {model!r} has a comma, which parts queues on Celery's line"
            )
