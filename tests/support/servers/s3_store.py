"""moto's S3 server with a disk: `python -m tests.support.servers.s3_store PORT FOLDER`.

What it has answered for outlives `kill -9`; uploads in parts that were not finished do not, as in
a store whose machine lost its power. There is one bucket, `files`.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.s3.models import S3Backend, s3_backends
from werkzeug.serving import run_simple
from werkzeug.wrappers import Request, Response

BUCKET: Final = "files"
_ACCOUNT: Final = "123456789012"

Application = Callable[[dict[str, Any], Any], Iterable[bytes]]


def _backend() -> S3Backend:
    backend: S3Backend = s3_backends[_ACCOUNT]["aws"]
    return backend


def _load(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    _backend().create_bucket(BUCKET, "us-east-1")
    for path in folder.iterdir():
        if path.suffix != ".new":
            _backend().put_object(BUCKET, unquote(path.name), path.read_bytes())


def _kept(folder: Path, application: Application) -> Application:
    """Return the application, whose answers wait for the disk."""

    def answer(environ: dict[str, Any], start: Any) -> Iterable[bytes]:
        request = Request(environ)
        response = Response.from_app(application, environ, buffered=True)
        key = unquote(request.path).removeprefix(f"/{BUCKET}").lstrip("/")
        if key and response.status_code < 300:
            _note(folder / quote(key, safe=""), key, request)
        return response(environ, start)

    return answer


def _note(path: Path, key: str, request: Request) -> None:
    is_part = "partNumber" in request.args or "uploads" in request.args
    if request.method == "DELETE" and "uploadId" not in request.args:
        path.unlink(missing_ok=True)
    elif request.method in ("PUT", "POST") and not is_part:
        found = _backend().get_object(BUCKET, key)
        assert found is not None
        new = path.with_suffix(".new")
        with new.open("wb") as file:
            file.write(found.value)
            file.flush()
            os.fsync(file.fileno())
        new.replace(path)


def main(port: int, folder: Path) -> None:
    """Serve on this port of the loopback until killed."""
    _load(folder)
    application = _kept(folder, DomainDispatcherApplication(create_backend_app))
    run_simple("127.0.0.1", port, application, threaded=True)


if __name__ == "__main__":
    main(int(sys.argv[1]), Path(sys.argv[2]))
