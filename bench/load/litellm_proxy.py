"""LiteLLM's proxy as a contender, from a virtual environment that the user names."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import Final

from bench.load.children import Child
from bench.load.stack import MODEL, Stack, listening
from bench.result import BenchmarkFailed
from cli.ports import free_port

_WORKERS = 2
#: It loads a good deal of code in each worker (seconds).
_START_S = 120.0

#: It refuses to run without a key; ReplyTo checks one too.
_KEY = "sk-bench"

#: It must neither import this project nor fetch its price list from the network.
_OFFLINE: Final = {"PYTHONPATH": "", "LITELLM_LOCAL_MODEL_COST_MAP": "True"}

HEADERS = {"Authorization": f"Bearer {_KEY}"}

_CONFIG = """\
model_list:
  - model_name: {model}
    litellm_params:
      model: openai/{model}
      api_base: http://127.0.0.1:{port}/v1
      api_key: none
"""


def start(stack: Stack, python: Path) -> tuple[Child, int]:
    """Start the proxy in front of the same LLM; return it with its port.

    Raises BenchmarkFailed when that Python has no `litellm[proxy]`.
    """
    probe = [str(python), "-c", "import litellm.proxy.proxy_cli, uvicorn"]
    environment = {**os.environ, **_OFFLINE}
    found = subprocess.run(probe, capture_output=True, text=True, check=False, env=environment)
    if found.returncode:
        raise BenchmarkFailed(f"{python} cannot import litellm[proxy]:\n{found.stderr[-500:]}")
    config, port = stack.folder / "litellm.yaml", free_port()
    config.write_text(_CONFIG.format(model=MODEL, port=stack.llm_port), "utf-8")
    process = stack.children.start(
        "litellm",
        [
            *[str(python), "-c", "from litellm import run_server; run_server()"],
            *["--config", str(config), "--host", "127.0.0.1", "--port", str(port)],
            *["--num_workers", str(_WORKERS)],
        ],
        {**_OFFLINE, "LITELLM_MASTER_KEY": _KEY, "LITELLM_LOG": "ERROR"},
    )
    process.wait_until(listening(port), _START_S)
    return process, port
