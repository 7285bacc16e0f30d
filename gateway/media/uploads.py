"""Files that come with a request: kept as they come in, and dropped again if no job is made."""

from __future__ import annotations

import base64
import binascii
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from gateway.http.binding import body_values
from gateway.http.multipart import read_form
from gateway.http.request import incoming
from gateway.services import Services, services
from shared.artifacts.artifact import Artifact
from shared.errors import ValidationFailed
from shared.media.form_names import is_named, plain_name
from shared.media.request import FileRef
from shared.wire.naming import fold
from shared.wire.run_after import delay_s

#: What the files of requests are for, as lists of files show it.
_PURPOSE: Final = "input"
_MULTIPART: Final = "multipart/form-data"
#: Types of a body that is the file itself.
_FILES_ALONE: Final = ("audio/", "image/", "video/", "application/octet-stream")
_NO_FORM: Final = "The body is a file alone: send it in a field of a form, as multipart/form-data."
#: The most pictures of an edit, and its mask.
_MOST_FILES: Final = 17


@dataclass(slots=True)
class Upload:
    """The fields of a request, in their order, and its files."""

    fields: list[tuple[str, object]] = field(default_factory=list)
    files: list[FileRef] = field(default_factory=list)
    #: Under what files are held that the client has sent before; empty for none.
    held: str = ""

    def file(self, name: str) -> FileRef:
        """Return the file of that field. Raises ValidationFailed when there is none."""
        found = [one for one in self.files if is_named(one.field, name)]
        if not found:
            raise ValidationFailed(
                f"{name} is missing: send a file in this field, as multipart/form-data", field=name
            )
        return found[0]


def read_upload(names: tuple[str, ...], *, in_order: bool = False) -> Upload:
    """Read a request with files in these fields; in JSON a file may stand in base64.

    Files in other fields are read over; `in_order` takes those for the next field that has none.
    Raises ValidationFailed, and what the store of files raises: then nothing is kept.
    """
    upload, asked = Upload(), incoming()
    if asked.mimetype.startswith(_FILES_ALONE):
        raise ValidationFailed(_NO_FORM)
    try:
        if asked.mimetype == _MULTIPART:
            take = _taker(services(), upload, names, in_order=in_order)
            form = read_form(asked, services().settings.max_file_bytes, take)
            upload.fields = list(form)
        else:
            asked.max_content_length = services().settings.max_body_bytes
            upload.fields = list(body_values().items())
            _take_encoded(services(), upload, names)
    except BaseException:
        drop(services(), upload)
        raise
    return upload


@contextmanager
def dropped_without_job(gateway: Services, upload: Upload) -> Iterator[None]:
    """Drop the files again if the block fails and has made no job."""
    try:
        yield
    except BaseException:
        if not incoming().job_id:
            drop(gateway, upload)
        raise


def keep_until_due(gateway: Services, upload: Upload, run_after: str) -> None:
    """Keep the files of a request that is not to run yet for that much longer."""
    wait_s, settings = delay_s(run_after, time.time()), gateway.settings
    for one in upload.files if wait_s else ():
        kept = gateway.artifacts.find(one.id)
        if kept is not None:
            lasts_s = wait_s + settings.job_timeout_s + settings.result_ttl_s
            gateway.artifacts.amend(kept, expires_s=lasts_s)


def drop(gateway: Services, upload: Upload) -> None:
    """Drop the files of a request that becomes no job."""
    for one in upload.files:
        gateway.artifacts.delete(one.id)
    if upload.held:
        gateway.artifacts.release(upload.held)


def _taker(
    gateway: Services, upload: Upload, names: tuple[str, ...], *, in_order: bool
) -> Callable[[str, str, str | None, Iterator[bytes]], None]:
    def take(name: str, filename: str, kind: str | None, pieces: Iterator[bytes]) -> None:
        wanted = _place(name, upload, names, in_order=in_order)
        if wanted:
            _keep(gateway, upload, wanted, pieces, (filename, kind))

    return take


def _place(name: str, upload: Upload, names: tuple[str, ...], *, in_order: bool) -> str:
    """Return the field that a file is for, empty for none."""
    plain = plain_name(name)
    if (known := fold(plain)) in names:
        return known if plain == name else f"{known}[]"
    taken = {plain_name(one.field) for one in upload.files}
    free = [one for one in names if one not in taken] if in_order else []
    return free[0] if free else ""


def _keep(
    gateway: Services,
    upload: Upload,
    name: str,
    pieces: Iterator[bytes],
    said: tuple[str, str | None] = ("", None),
) -> None:
    """Keep a file of which its name and type are `said`."""
    place = plain_name(name)
    if len(upload.files) >= _MOST_FILES:
        raise ValidationFailed(f"{place}: these are too many files", field=place)
    kept = _received(gateway, pieces, *said)
    if not kept.size:
        gateway.artifacts.delete(kept.id)
        raise ValidationFailed(f"{place}: the file is empty", field=place)
    shown = kept.name if "." in kept.name else f"{kept.name}.{kept.extension}"
    upload.files.append(
        FileRef(name, kept.id, shown, kept.media_type, size=kept.size, sha256=kept.sha256)
    )


def _received(
    gateway: Services, pieces: Iterator[bytes], filename: str, kind: str | None
) -> Artifact:
    settings, principal = gateway.settings, incoming().principal
    return gateway.artifacts.receive(
        pieces,
        owner=principal.owner if principal else "",
        name=filename or "file",
        purpose=_PURPOSE,
        media_type=kind,
        # As long as somebody may ask for the job to be tried again.
        expires_s=settings.job_timeout_s + settings.result_ttl_s,
    )


def _take_encoded(gateway: Services, upload: Upload, names: tuple[str, ...]) -> None:
    rest: list[tuple[str, object]] = []
    for name, value in upload.fields:
        place = fold(name)
        if place not in names or not isinstance(value, str):
            rest.append((name, value))
        elif value:
            text = value.partition(",")[2] if value.startswith("data:") else value
            try:
                # Some write it in lines.
                content = base64.b64decode("".join(text.split()), validate=True)
            except (binascii.Error, ValueError) as exc:
                raise ValidationFailed(f"{name} must be base64", field=name) from exc
            _keep(gateway, upload, place, iter((content,)))
    upload.fields = rest
