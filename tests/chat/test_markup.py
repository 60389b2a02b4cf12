"""Markdown with mathematics becomes HTML in which nothing acts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from three_tutors.chat.markup import markup


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (r"So $\frac{1}{2} < x$.", "<mfrac><mrow><mn>1</mn></mrow><mrow><mn>2</mn></mrow></mfrac><mo>&lt;</mo>"),
        (r"So \(x^2\).", "<msup><mi>x</mi><mn>2</mn></msup>"),
        ("```python\nprint(1 < 2)\n```", '<pre><code class="language-python">print(1 &lt; 2)\n</code></pre>'),
        ("# Title", '<p class="heading">Title</p>'),
        ("one\ntwo", "one<br />\ntwo"),
        ("3*4*5 and *this*", "<p>3*4*5 and <em>this</em></p>"),
        ("It costs $5, then $6.", "<p>It costs $5, then $6.</p>"),
        ("$x^^^$", "<code>x^^^</code>"),
    ],
)
def test_what_people_and_models_write_is_shown(text: str, shown: str) -> None:
    """Formulas, code and lists; stars between numbers multiply, dollars before prices are money, no formula is shown as it was typed."""
    assert shown in markup(text)


def test_a_student_s_signs_are_no_lists() -> None:
    """A sum that begins with a minus stays a sum."""
    assert "<p>- 3 + 5<br />\n&gt; 2</p>\n" == markup("- 3 + 5\n> 2", "student")


@pytest.mark.parametrize(
    "text",
    [
        r"$\text{<script>hacked()</script>}$",
        r"$\href{javascript:hacked()}{x}$",
        r'$\class{" onclick="hacked()}{x}$',
        r"$\style{background:url(http://x)}{x}$",
        "[x](javascript:hacked())",
        "![x](http://tracker/x.png)",
        "<img src=x onerror=hacked()>",
        '```" onclick="hacked()\nx\n```',
    ],
)
def test_nothing_acts(text: str) -> None:
    """No element, attribute or address that does something, neither through Markdown nor through mathematics."""
    html = markup(text)
    assert not any(one in html for one in ("<script", "<img", ' href="javascript', "style=", ' onclick="'))


SIGNS = st.sampled_from(
    [*r"\{}^_&$<>ab12 ", r"\frac", r"\sqrt", r"\text", r"\left(", r"\right)", r"\begin{matrix}", r"\end{matrix}", r"\\"]
)


@settings(max_examples=150)
@given(st.lists(SIGNS, max_size=12).map("".join))
def test_any_formula_is_shown_or_quoted(formula: str) -> None:
    """What is no formula never breaks the page."""
    assert "<p>" in markup(f"a ${formula}$ b")
