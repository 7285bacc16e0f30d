"""What Java and Kotlin share: their client library's types, and names that are taken."""

from __future__ import annotations

from typing import Final

from codegen.casing import word_set

#: Types that `net.servicestack.client` has; it leaves pages of lists and plain answers to the DTOs.
LIBRARY: Final = frozenset(("ResponseStatus", "ResponseError"))
IMPORTS: Final = ("java.math.*", "java.util.*", "net.servicestack.client.*")
GSON: Final = ("com.google.gson.annotations.*", "com.google.gson.reflect.*")
#: Words of the languages; a property that is called so begins with a capital.
RESERVED: Final = word_set(
    """
    abstract assert boolean break byte case catch char class const continue default do double
    else enum extends final finally float for goto if implements import instanceof int interface
    long native new package private protected public return short static strictfp super switch
    synchronized this throw throws transient try void volatile while true false null as fun in
    is object typealias typeof val var when
    """
)


def property_name(camel: str) -> str:
    """Return a property's name, which is no word of either language."""
    return camel[:1].upper() + camel[1:] if camel in RESERVED else camel
