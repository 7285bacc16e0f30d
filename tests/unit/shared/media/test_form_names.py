"""Lists in forms, as SDKs, PHP, axios and curl send them, become what OpenAI takes."""

from __future__ import annotations

import pytest

from shared.media.form_names import gathered, is_named, one_spelling, plain_name


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (["image"], ["image"]),
        (["image[]"], ["image[]"]),
        (["image[0]"], ["image[]"]),
        (["image[0]", "mask", "image[1]"], ["image[]", "mask", "image[]"]),
        (["image", "image"], ["image[]", "image[]"]),
        (["image", "image[]"], ["image[]", "image[]"]),
        # These are members, and lists of what is no name.
        (["expires_after[seconds]"], ["expires_after[seconds]"]),
        (["a[0][b]", "a[0][c]"], ["a[0][b]", "a[0][c]"]),
        (["[0]", "a[-1]", "a[٣]", "a[0000000]"], ["[0]", "a[-1]", "a[٣]", "a[0000000]"]),
    ],
)
def test_each_list_has_one_spelling(sent: list[str], kept: list[str]) -> None:
    assert one_spelling(sent) == kept


def test_values_of_a_list_are_together_in_their_order() -> None:
    sent = [("a[0]", "x"), ("b", "1"), ("a[1]", "y"), ("a[]", "z"), ("c", ["p", "q"]), ("c", "r")]
    assert gathered(sent) == {"a[]": ["x", "y", "z"], "b": "1", "c[]": ["p", "q", "r"]}


def test_a_field_is_found_by_its_plain_name() -> None:
    assert [plain_name(one) for one in ("a", "a[]", "a[7]")] == ["a", "a", "a"]
    assert is_named("Image[0]", "image")
    assert not is_named("image[0][x]", "image")
