"""Spells a name as a language does: UpperCamel, lowerCamel, and what to do with reserved words."""

from __future__ import annotations

from collections.abc import Collection


def upper_camel(name: str) -> str:
    """Return ref_id as RefId."""
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def lower_camel(name: str) -> str:
    """Return ref_id as refId."""
    camel = upper_camel(name)
    return camel[:1].lower() + camel[1:]


def free(name: str, reserved: Collection[str], form: str = "{}_") -> str:
    """Return a name that is no reserved word; `form` says how one that is, is written."""
    return form.format(name) if name in reserved else name


def one_line(text: str) -> str:
    """Return a description for a comment: one line that ends, and opens, no comment of any kind."""
    for mark in ("*/", "/*", "*)", "(*", "?>", '"""'):
        text = text.replace(mark, " ".join(mark))
    return " ".join(text.replace("\\", "/").split())


def word_set(text: str) -> frozenset[str]:
    """Return the words of a text: those that a language keeps for itself."""
    return frozenset(text.split())
