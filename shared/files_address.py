"""Where files are, in the forms that the setting may have: a folder, or a bucket of an S3 store."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from shared.written_path import at_home

_SCHEME: Final = "s3://"
_is_bucket = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]").fullmatch
_OPTIONS: Final = ("endpoint", "region")


@dataclass(frozen=True, slots=True)
class S3Address:
    """A bucket, with what begins all names in it. `endpoint` empty: Amazon's own."""

    bucket: str
    prefix: str = ""
    endpoint: str = ""
    region: str = ""


def read_files_address(text: str) -> S3Address | Path:
    """Return where that is. Raises ValueError, which says what is wrong."""
    if not text.startswith(_SCHEME):
        if "://" in text:
            raise ValueError("must be a folder, or s3://bucket/prefix")
        return Path(at_home(text))
    parts = urlsplit(text)
    if not _is_bucket(parts.netloc):
        raise ValueError("s3:// must be followed by the bucket's name; keys are in AWS_… variables")
    options = dict(parse_qsl(parts.query, keep_blank_values=True))
    if unknown := [name for name in options if name not in _OPTIONS]:
        raise ValueError(f"'{unknown[0]}' is no option; there are {' and '.join(_OPTIONS)}")
    endpoint = options.get("endpoint", "")
    if endpoint and not re.match(r"https?://[^/@]+/?$", endpoint):
        raise ValueError("endpoint must be a URL such as https://s3.example.com")
    prefix = parts.path.strip("/")
    return S3Address(
        bucket=parts.netloc,
        prefix=f"{prefix}/" if prefix else "",
        endpoint=endpoint,
        region=options.get("region", ""),
    )
