"""Runs Celery on our workers, whatever the folder holds where it is started.

`celery -A workers.app` looks for `workers` in the current folder first, which may have a package
of that name, or one named `shared`. `python -P -m workers` takes the same options and knows better.
"""

from __future__ import annotations

import importlib
import sys

import celery

#: Whose first part Celery would look for in the current folder.
_APP = "workers.app"


def main() -> None:
    """Run what the command line says, as `python -m celery` does."""
    # First, as Celery's own main does it: gevent patches what is imported after it.
    celery.maybe_patch_concurrency()
    importlib.import_module(_APP)
    celery_main = importlib.import_module("celery.bin.celery").main
    sys.exit(celery_main())


if __name__ == "__main__":
    main()
