"""Why nobody answered, or nothing can listen: in the words of who noticed it, and what to do."""

from __future__ import annotations

import errno
import os
import ssl
from typing import Final

from shared.listen_address import url_host

#: What a server that speaks no TLS answers to its first bytes.
_NO_TLS: Final = ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE")


def why_no_answer(exc: BaseException) -> str:
    """Return what lies at the bottom of a failed call, without numbers and names of classes."""
    cause = exc
    while below := cause.__cause__ or cause.__context__:
        cause = below
    if isinstance(cause, ssl.SSLError) and cause.reason in _NO_TLS:
        return "it does not speak TLS; the URL is to begin with http://"
    return _words(cause) or str(cause) or type(cause).__name__


def why_not_listening(host: str, port: int, exc: OSError) -> str:
    """Return why a server cannot listen there, without the address that the error repeats."""
    why = _words(exc) or str(exc)
    hint = "; choose another one with --port" if exc.errno == errno.EADDRINUSE else ""
    return f"cannot listen on {url_host(host)}:{port}: {why}{hint}"


def _words(exc: BaseException) -> str | None:
    """Return what the operating system calls the error, where it is one of its."""
    if not isinstance(exc, OSError) or isinstance(exc, ssl.SSLError):
        return None
    # gevent and others write more into `strerror`: names of hosts have errors of their own there.
    return os.strerror(exc.errno) if exc.errno and exc.errno > 0 else exc.strerror
