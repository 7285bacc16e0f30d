"""The model of typed DTOs says what the catalog and its classes say."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import pytest
from pydantic import Field
from pydantic.fields import FieldInfo

from codegen import model
from codegen.annotations import field_type
from codegen.from_catalog import build, whole_model
from codegen.model import TypeRef
from shared.codecs.moments import UnixMs
from shared.dtos.base import Dto
from shared.dtos.catalog import CATALOG
from shared.dtos.endpoint import Endpoint, Tag
from shared.dtos.fields import Holds

MODEL = whole_model()


def types_of(name: str) -> dict[str, str]:
    return {one.wire: str(one.type) for one in MODEL.by_name[name].properties}


def endpoint(request: type[Dto], response: type[Dto] | None = None) -> Endpoint[Any]:
    name = request.__name__
    return Endpoint(
        request=request,
        response=response,
        name=name,
        methods=("POST",),
        paths=(f"/api/{name}",),
        scopes=(),
        tag=Tag.JOBS,
        summary="Ask.",
    )


def test_every_dto_that_is_called_by_its_name_is_there() -> None:
    called = {
        one.request.__name__ for one in CATALOG if f"/api/{one.request.__name__}" in one.paths
    }
    by_name = {
        one.name for one in MODEL.requests if one.operation and one.operation.is_called_by_name
    }
    assert by_name == called


def test_types_stand_behind_what_they_mention_and_requests_last() -> None:
    seen: set[str] = {*model.SCALARS, model.LIST, model.MAP}
    for one in MODEL.types:
        assert one.mentions() | one.returned() <= seen | {one.name}, one.name
        seen.add(one.name)
    kinds = [one.operation is not None for one in MODEL.types]
    assert kinds == sorted(kinds)


def test_chat_is_typed_down_to_its_messages() -> None:
    assert types_of("OpenAiChat")["messages"] == "List<OpenAiMessage>"
    assert types_of("Choice")["message"] == "ChoiceMessage"
    assert types_of("GetOpenAiChatStatusResponse")["result"] == "OpenAiChatResponse"
    assert types_of("GetOllamaGenerationStatusResponse")["result"] == "OllamaGenerationResponse"


def test_names_are_those_of_the_wire() -> None:
    assert {"max_tokens", "top_p"} <= set(types_of("OpenAiChat"))
    assert {"refId", "statusUrl"} <= set(types_of("QueueOpenAiChatResponse"))
    assert "from" in types_of("GetSummaryStats")


def test_moments_are_dates_and_bounded_numbers_are_small() -> None:
    assert types_of("GetSummaryStats")["from"] == model.DATE
    assert types_of("BackgroundJob")["createdDate"] == model.DATE
    assert types_of("QueryJobs")["take"] == model.INT
    assert types_of("BackgroundJob")["id"] == model.LONG


def test_page_of_a_list_is_generic() -> None:
    (query,) = (one for one in MODEL.requests if one.name == "QueryJobs")
    assert query.operation
    assert str(query.operation.returns) == "QueryResponse<JobSummary>"
    assert MODEL.by_name["QueryResponse"].params == ("T",)


def test_of_several_bases_the_largest_is_inherited() -> None:
    dto = MODEL.by_name["OpenAiChatCompletion"]
    assert dto.inherits == TypeRef("OpenAiChat")
    assert "refId" in {one.wire for one in dto.properties}
    assert "messages" in {one.wire for one in MODEL.inherited(dto)}


def test_base_whose_field_is_another_is_not_inherited() -> None:
    assert MODEL.by_name["GetOllamaGenerationStatusResponse"].inherits is None


class Inner(Dto):
    """Inside."""

    at: UnixMs = None
    several: str | list[str] | None = None
    raw: dict[str, list[int]] = Field(description="Numbers.")


class Ask(Dto):
    """Ask for it."""

    held: Annotated[dict[str, Any], Holds("Inner")] | None = None


def test_field_that_holds_a_dto_is_of_that_type() -> None:
    built = build([endpoint(Ask)])
    assert [str(one.type) for one in built.by_name["Ask"].properties] == ["Inner"]
    inner = built.by_name["Inner"].properties
    assert [str(one.type) for one in inner] == [
        "DateTime",
        "Object",
        "Dictionary<String, List<Int64>>",
    ]
    assert [one.is_required for one in inner] == [False, False, True]


def test_name_that_means_two_things_is_refused() -> None:
    class Inner(Dto):
        """Another."""

    class Two(Dto):
        """Both."""

        one: Ask
        other: Inner

    with pytest.raises(TypeError, match="two DTOs are called Inner"):
        build([endpoint(Two)])


@pytest.mark.parametrize(
    ("annotation", "name"),
    [
        (Literal["asc", "desc"], model.STRING),
        (Literal[1] | None, model.LONG),
        (Literal[1, "a"], model.OBJECT),
    ],
)
def test_choice_of_values_is_of_their_type(annotation: Any, name: str) -> None:
    assert field_type("order", FieldInfo.from_annotation(annotation)) == TypeRef(name)
