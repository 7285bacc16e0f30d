"""What all DTOs share: names in any casing come in, camelCase goes out, absent stays absent."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar, Final, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from shared.errors import ValidationFailed
from shared.wire.naming import fold
from shared.wire.value_problems import no_such_field, value_problem

#: What ServiceStack's clients send beside any DTO: in which form the answer is wanted, and which
#: version of the DTO this is.
_ABOUT_THE_CALL: Final = frozenset(("format", "jsconfig", "version"))
#: What 64 bits hold, with a sign.
_MOST_NUMBER: Final = 2**63 - 1


def _has_flag(value: object) -> bool:
    """Whether a value is true or false, which Python would take for a number, or a list of such."""
    return isinstance(value, bool) or (isinstance(value, list) and any(map(_has_flag, value)))


def _is_of_numbers(annotation: Any) -> bool:
    """Whether a field takes numbers, and neither flags nor whatever comes."""
    parts = set(_parts(annotation))
    return not parts.isdisjoint((int, float)) and parts.isdisjoint((bool, Any, object))


def _parts(annotation: Any) -> Iterable[Any]:
    inner = get_args(annotation)
    return [part for one in inner for part in _parts(one)] if inner else [annotation]


class Dto(BaseModel):
    """A request or response of the wire. Fields are snake_case here, camelCase there."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="ignore",
        frozen=True,
        # There are some hundred of them, of which a process uses a few: each is built when it is.
        defer_build=True,
    )

    #: Whether an unknown name is refused: where a field that is mistyped would be one that is open.
    knows_all: ClassVar[bool] = False

    @classmethod
    def bind(cls, values: Mapping[str, Any] | Iterable[tuple[str, Any]]) -> Self:
        """Read a request whose names are in any casing; most DTOs pass over unknown names.

        Raises ValidationFailed naming the field.
        """
        pairs = list(values.items() if isinstance(values, Mapping) else values)
        own = {fold(name): name for name in cls.model_fields}
        if cls.knows_all:
            cls._refuse_unknown(name for name, _ in pairs if fold(name) not in own)
        found = {
            own[key]: value
            for name, value in pairs
            if (key := fold(name)) in own and not cls._says_nothing(own[key], value)
        }
        cls._refuse_flags(found)
        try:
            bound = cls.model_validate(found)
        except ValidationError as exc:
            first = exc.errors(include_url=False, include_input=False)[0]
            problem = value_problem(first)
            if not first["loc"]:
                # A check of several fields together.
                raise ValidationFailed(problem) from None
            field = cls._wire_name(str(first["loc"][0]))
            raise ValidationFailed(f"{field}: {problem}", field=field) from None
        bound.check_numbers()
        return bound

    @classmethod
    def _refuse_unknown(cls, names: Iterable[str]) -> None:
        """Raise ValidationFailed for the first name that says something nobody reads."""
        for name in names:
            if fold(name) not in _ABOUT_THE_CALL:
                known = list(map(cls._wire_name, cls.model_fields))
                problem = no_such_field(name, known, tells_all=True)
                raise ValidationFailed(f"{name}: {problem}", field=name)

    @classmethod
    def _refuse_flags(cls, found: Mapping[str, Any]) -> None:
        """Raise ValidationFailed for true or false where a number belongs."""
        flags = [name for name, value in found.items() if _has_flag(value)]
        for name in flags:
            if _is_of_numbers(cls.model_fields[name].annotation):
                field = cls._wire_name(name)
                raise ValidationFailed(f"{field}: must be a number", field=field)

    @classmethod
    def _wire_name(cls, name: str) -> str:
        """Return a field's name as its API has it: of OpenAI's wire, as it is written here."""
        is_camel = cls.model_config.get("alias_generator") is not None
        return (to_camel(name) if is_camel else name).rstrip("_")

    @classmethod
    def _says_nothing(cls, name: str, value: object) -> bool:
        """Whether a field keeps its default: some clients send all, as `null` what is not given."""
        if value is not None and value != "":
            return False
        field = cls.model_fields[name]
        if field.is_required() or field.default is None:
            # These read it by themselves.
            return False
        return value is None or isinstance(field.default, int | float)

    def check_numbers(self) -> None:
        """Raise ValidationFailed for a number that neither Redis nor a database can keep."""
        for name, value in self:
            if isinstance(value, int) and not -_MOST_NUMBER <= value <= _MOST_NUMBER:
                field = self._wire_name(name)
                raise ValidationFailed(f"{field}: is too large a number", field=field)

    def to_json(self) -> bytes:
        """Return the DTO as it is sent: camelCase, absent values omitted."""
        return self.model_dump_json(by_alias=True, exclude_none=True).encode()


class ResponseError(Dto):
    """One field that was wrong."""

    error_code: str
    field_name: str | None = None
    message: str | None = None


class ResponseStatus(Dto):
    """ServiceStack's account of a failure."""

    error_code: str | None = None
    message: str | None = None
    errors: list[ResponseError] | None = None


class ErrorBody(Dto):
    """The part of the one error body that ServiceStack's clients read."""

    response_status: ResponseStatus | None = Field(None, description="Set when it failed.")
