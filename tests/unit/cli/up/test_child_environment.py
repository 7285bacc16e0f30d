"""What the processes that `replyto up` starts get of its environment."""

from __future__ import annotations

from cli.up import child_environment

ENVIRONMENT = {
    "PATH": "/bin",
    "LC_ALL": "C",
    "HTTPS_PROXY": "http://me:secret@proxy",
    "OPENAI_API_KEY": "sk-1",
    "REPLYTO_AUTH_SECRET": "ak-admin",
    "REPLYTO_API_KEY": "ak-boot",
    "REPLYTO_REDIS_URL": "redis://:secret@r",
    "DATABASE_PASSWORD": "pw",
}


def test_redis_and_the_demo_get_no_secret() -> None:
    assert child_environment.plain(ENVIRONMENT) == {"PATH": "/bin", "LC_ALL": "C"}


def test_workers_get_nothing_that_opens_the_gateway() -> None:
    for name in ("chat1", "completion", "callbacks"):
        given = child_environment.of_worker(name, ENVIRONMENT)
        assert not {"ak-admin", "ak-boot"} & set(given.values())
        assert given["REPLYTO_REDIS_URL"] == "redis://:secret@r"


def test_callbacks_worker_gets_no_providers_key() -> None:
    assert "OPENAI_API_KEY" not in child_environment.of_worker("callbacks", ENVIRONMENT)
    assert "OPENAI_API_KEY" in child_environment.of_worker("chat1", ENVIRONMENT)
