"""Why `replyto up` cannot start: the root of these errors, told in one line and no traceback."""

from __future__ import annotations


class StartProblem(Exception):
    """ReplyTo cannot start; the message says why and what to do."""
