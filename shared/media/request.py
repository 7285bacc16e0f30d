"""A request with files, as the ledger holds it: the client's fields, and references. Pure.

It is the request's own JSON object. Three members more are the gateway's and never sent on: their
names begin with `$`, which no name of the APIs does. A form's fields stand in it as their texts,
those that came repeatedly as a list of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from shared.codecs.json_bytes import to_json_bytes
from shared.codecs.strict_json import parse
from shared.errors import ValidationFailed
from shared.media.form_names import plain_name

Json = dict[str, Any]

#: The files, by the fields that they were sent in.
FILES: Final = "$files"
#: What the client handed over to get it back with the callback.
STATE: Final = "$state"
#: What was wished that the request's own API has no words for.
HINTS: Final = "$hints"
#: One of these: the parts of a transcript with their times, if its model tells them.
PARTS: Final = "parts"
_OWN: Final = (FILES, STATE, HINTS)
_SIGN: Final = "$"


@dataclass(frozen=True, slots=True)
class FileRef:
    """A file of a request: the artifact `id`, sent in this field under this name."""

    field: str
    id: str
    name: str
    media_type: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True)
class MediaRequest:
    """A request as it was kept. `fields` are the client's own."""

    fields: Mapping[str, Any]
    files: tuple[FileRef, ...] = ()
    state: str = ""
    hints: Mapping[str, Any] = field(default_factory=dict)

    @property
    def model(self) -> str:
        """The model, by whichever of its names stands there."""
        return self.text("model")

    def text(self, name: str, default: str = "") -> str:
        """Return a field as text; the default if it is not given."""
        value = self.fields.get(name)
        return default if value is None else str(value)

    def number(self, name: str, default: int) -> int:
        """Return a field as a whole number, which forms give as text; the default if it is none."""
        try:
            return int(self.fields[name])
        except (KeyError, TypeError, ValueError):
            return default

    def flag(self, name: str) -> bool:
        """Whether a field says true, as JSON or a form does."""
        return str(self.fields.get(name, "")).lower() in ("true", "1")

    def files_in(self, name: str) -> list[FileRef]:
        """Return the files sent in a field, or in its list, in their order."""
        return [one for one in self.files if plain_name(one.field) == name]


def read(stored: bytes) -> MediaRequest:
    """Return the request that the ledger holds."""
    value: Json = json.loads(stored)
    return MediaRequest(
        fields={name: held for name, held in value.items() if name not in _OWN},
        files=tuple(FileRef(**one) for one in value.get(FILES, ())),
        state=value.get(STATE, ""),
        hints=value.get(HINTS, {}),
    )


def compose(
    fields: Mapping[str, Any],
    files: Sequence[FileRef] = (),
    *,
    state: str = "",
    hints: Mapping[str, Any] | None = None,
) -> str:
    """Return the text that the ledger holds. Raises ValidationFailed for a name of ours."""
    refuse_our_names(fields)
    return _text(fields, [asdict(one) for one in files], state, hints or {})


def same_as(
    fields: Mapping[str, Any],
    files: Sequence[FileRef],
    state: str = "",
    hints: Mapping[str, Any] | None = None,
) -> str:
    """Return what two requests for the same have in common: files count by what is in them."""
    contents = [[one.field, one.name, one.sha256] for one in files]
    # That parts are wished for goes with the call, whatever its client says.
    told = {name: value for name, value in (hints or {}).items() if name != PARTS}
    return _text(fields, contents, state, told)


def refuse_our_names(names: Iterable[str]) -> None:
    """Raise ValidationFailed for a name that begins as those of the gateway do."""
    for name in names:
        if name.startswith(_SIGN):
            shown = name[:100]
            raise ValidationFailed(f"{shown}: a name may not begin with '$'", field=shown)


def as_sent(stored: bytes) -> bytes:
    """Return the JSON that a provider gets: all but what is the gateway's."""
    if b'"$' not in stored:
        return stored
    return to_json_bytes(dict(read(stored).fields))


def shown(stored: bytes) -> Json:
    """Return what of it clients are shown: files by their ids and names."""
    value: Json = parse(stored)
    files = value.pop(FILES, [])
    for name in (STATE, HINTS):
        value.pop(name, None)
    if files:
        value["files"] = [{"id": one["id"], "filename": one["name"]} for one in files]
    return value


def _text(
    fields: Mapping[str, Any], files: Sequence[Any], state: str, hints: Mapping[str, Any]
) -> str:
    own = {FILES: list(files), STATE: state, HINTS: dict(hints)}
    told = {name: value for name, value in own.items() if value}
    return json.dumps({**fields, **told}, ensure_ascii=False, separators=(",", ":"))
