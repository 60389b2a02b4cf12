from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from three_tutors.tutoring.messages import protocol_role, side_of, taken_apart, text_of

anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "x"]), inner, max_size=3),
)


@pytest.mark.parametrize(
    ("role", "side"),
    [
        ("user", "student"),
        ("Human", "student"),
        (" Student ", "student"),
        ("gpt", "teacher"),
        ("assistant", "teacher"),
        ("developer", "frame"),
        ("observation", "tool"),
        ("narrator", None),
        ("", None),
        (["user"], None),
        (None, None),
    ],
)
def test_roles_of_other_tools_are_known(role: object, side: str | None) -> None:
    """Whatever the case; what nobody knows is nobody's, whatever its type."""
    assert side_of(role) == side


def test_text_parts_are_joined() -> None:
    """A text, or parts of it as chat and responses write them, is one text."""
    parts = ["a", {"type": "text", "text": "b"}, {"text": "c"}, {"type": "output_text", "text": "d", "annotations": []}]
    assert text_of(parts) == "abcd"
    assert text_of("a") == "a"


@given(anything)
def test_any_content_is_text_or_refused(content: object) -> None:
    """Words come out, and everything else beside them; who takes text alone refuses in one sentence."""
    words, others = taken_apart(content)
    if others or content is None:
        with pytest.raises(ValueError, match=r"^must be text, or a list of text parts, not "):
            text_of(content)
    else:
        assert text_of(content) == words


def test_what_is_no_text_is_kept() -> None:
    """An image, a refusal or a key beside the text of a part is handed back."""
    image = {"type": "image_url", "image_url": {"url": "x"}}
    assert taken_apart(["a", image, {"type": "text", "text": "b", "cache": 1}]) == ("ab", [image, {"cache": 1}])


def test_the_protocol_has_its_own_roles() -> None:
    """Templates know three; a role of another tool is refused with the one that is meant."""
    assert [protocol_role(role) for role in ("system", "developer", "user", "assistant")] == ["system", "system", "user", "assistant"]
    for role, meant in (
        ("human", "; did you mean user?"),
        ("Teacher", "; did you mean assistant?"),
        ("tool", ""),
        (["user"], ""),
        (None, ""),
    ):
        with pytest.raises(ValueError, match=re.escape(f"is system, developer, user, assistant here, not {role!r}{meant}") + "$"):
            protocol_role(role)
