"""Numbers and words as a reader meets them, and text that cannot become markup."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jinja2 import UndefinedError
from markdown_it import MarkdownIt

from three_tutors.reporting.pages import between, count, listed, markdown, number, page, percent, points, spread, together, unbroken
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (percent(0.126), "13 %"),
        (percent(None), "–"),
        (points(-0.5), "−50"),
        (points(0.125), "+12"),
        (between(Interval(0.5, 0.25, 1.0)), "25–100 %"),
        (between(Interval(3, 2.5, 4), MEASURES["nll"]), "2.50–4.00"),
        (between(Interval(0.5, None, None)), "interval not computable"),
        (together({"lora": "12 %", "openai": "31 %", "dspy": "12 %"}), "lora and dspy 12 % and openai 31 %"),
        (together({}), ""),
        (spread(Interval(0.5, 0.25, 1.0)), "25–100 %"),
        (spread(Interval(1.0, 1.0, 1.0)), ""),
        (spread(Interval(0.5, None, None)), ""),
        (points(-0.001), "0"),
        (number(1234.5, 1), "1,234.5"),
        (number(-2, 0), "−2"),
        (count(1, "dialogue"), "1 dialogue"),
        (count(1200, "dialogue"), "1,200 dialogues"),
        (unbroken("more by lora (12 %)"), "more by lora (12\u00a0%)"),
        (listed([]), ""),
        (listed(["a"]), "a"),
        (listed(["a", "b", "c"], "or"), "a, b or c"),
    ],
)
def test_values_read_as_people_write_them(shown: str, expected: str) -> None:
    """Shares are per cent, differences carry their sign, nothing measured is a dash."""
    assert expected == shown


@given(st.text())
def test_text_in_markdown_is_only_text(text: str) -> None:
    """Whatever a dialogue says, a Markdown reader shows it inside one paragraph and makes no markup of it."""
    html = MarkdownIt("commonmark").enable("table").render(f"x {markdown(text)}")
    assert html.count("<") == 2


def test_a_name_that_a_template_does_not_get_is_an_error() -> None:
    """A template never leaves a hole where a figure should stand."""
    with pytest.raises(UndefinedError):
        page("reflection.md.jinja")
