"""What tests of rude answers with files have in common."""

from __future__ import annotations

import base64
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.drawing import PICTURE
from workers.providers.base import ProviderError

Json = dict[str, Any]
#: Asks for an operation, of a server that answers with these bytes.
Ask = Callable[..., Json]

IN_BASE64 = base64.b64encode(PICTURE).decode()
MP3 = b"ID3\x04\0\0\0\0\0\0" + b"\xff\xfb\x90\x00" * 400


def refused(ask: Ask, *args: Any, **fields: Any) -> str:
    with pytest.raises(ProviderError) as error:
        ask(*args, **fields)
    assert error.value.transient
    return str(error.value)
