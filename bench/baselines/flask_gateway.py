"""A naive gateway: a Flask view that writes the job and sends a task, under ReplyTo's gunicorn."""

from __future__ import annotations

import json
import os
import uuid
from typing import Any

import redis
from flask import Flask, Response, jsonify, request

from gateway.__main__ import GatewayServer
from shared.settings import load_settings


class NaiveServer(GatewayServer):
    """Gunicorn exactly as ReplyTo's gateway configures it, with another app."""

    def load(self) -> Any:
        """Return the naive app. Called in the worker, after gevent has patched."""
        # Imported here, as the gateway imports its app: Celery must see the patched library.
        from bench.baselines.celery_app import first  # noqa: PLC0415

        return create_app(redis.Redis.from_url(os.environ["CELERY_BROKER_URL"]), first)


def create_app(client: redis.Redis, task: Any) -> Flask:
    """Return the app: no authentication, no validation, no idempotency."""
    app = Flask(__name__)

    @app.post("/api/QueueOpenAiChatCompletion")
    def queue() -> Response:
        body = request.get_json()
        job_id = uuid.uuid4().hex
        job: dict[Any, Any] = {
            "state": "Queued",
            "model": body["request"]["model"],
            "request": json.dumps(body),
        }
        client.hset(f"job:{job_id}", mapping=job)
        task.apply_async(task_id=job_id)
        return jsonify(id=job_id)

    return app


if __name__ == "__main__":
    NaiveServer(load_settings()).run()
