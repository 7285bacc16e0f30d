"""IncludeTypes and ExcludeTypes in their whole grammar."""

from __future__ import annotations

import pytest

from codegen.from_catalog import whole_model
from codegen.options import read_options
from codegen.selection import select
from shared.errors import ValidationFailed

MODEL = whole_model()


def chosen(include: str = "", exclude: str = "", **more: str) -> set[str]:
    query = {"IncludeTypes": include, "ExcludeTypes": exclude, **more}
    return set(select(MODEL, read_options(query.items())).by_name)


def test_name_is_the_dto_with_its_bases_and_its_answer() -> None:
    assert chosen("QueueOpenAiChatCompletion") == {
        *("QueueOpenAiChatCompletion", "FieldsOfQueued", "Queued"),
        *("QueueOpenAiChatResponse", "ResponseStatus", "ResponseError"),
    }


def test_name_with_a_star_is_all_that_it_needs() -> None:
    assert {"OpenAiChat", "OpenAiMessage", "ToolCall"} <= chosen("QueueOpenAiChatCompletion.*")


def test_star_before_a_name_is_all_requests_that_use_it() -> None:
    found = chosen("*.OpenAiMessage")
    assert {"QueueOpenAiChatCompletion", "OpenAiChatCompletion", "OpenAiMessage"} <= found
    assert "GetOverview" not in found


def test_tags_are_all_their_requests_with_what_these_need() -> None:
    found = chosen("{statistics,Models}")
    assert {"GetUsage", "UsageStats", "ActiveAiModels"} <= found
    assert "OpenAiChatCompletion" not in found
    assert chosen("{statistics}.*") == chosen("{Statistics}")


def test_lists_are_joined_and_names_found_in_any_casing() -> None:
    assert chosen("reload, GetUsage") == chosen("Reload") | chosen("GetUsage")


@pytest.mark.parametrize("item", ["ReplyTo/*", "replyto/"])
def test_namespace_is_everything(item: str) -> None:
    assert chosen(item) == set(MODEL.by_name)


def test_services_and_types_can_be_left_out() -> None:
    requests = {one.name for one in MODEL.requests}
    assert chosen(exclude="services") == set(MODEL.by_name) - requests
    assert chosen(exclude="types") == requests
    assert "Reload" not in chosen(exclude="Reload,NoSuch")


@pytest.mark.parametrize("item", ["No", "No.*", "*.No", "{no}", "No/*"])
def test_unknown_name_is_refused(item: str) -> None:
    with pytest.raises(ValidationFailed, match="IncludeTypes: there is no"):
        chosen(item)


def test_status_version_and_optional_are_added_when_asked() -> None:
    options = {
        "IncludeTypes": "QueryConversations.*,GetConversation",
        "AddResponseStatus": "true",
        "AddImplicitVersion": "3",
        "MakePropertiesOptional": "True",
    }
    model = select(MODEL, read_options(options.items()))
    answer = model.by_name["GetConversationResponse"].properties
    assert [one.wire for one in answer] == ["result", "responseStatus"]
    assert not any(one.is_required for one in answer)
    assert "version" in {one.wire for one in model.by_name["GetConversation"].properties}
