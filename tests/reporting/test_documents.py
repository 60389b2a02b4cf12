"""Reports in Markdown become pages inside the one file."""

from __future__ import annotations

from three_tutors.reporting.documents import document
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.typeset import typeset

TEXT = """# Costs

See [the comparison](comparison.md), [scores](index.html#scorecard), [a site](https://example.org) and ![alt](figures/moves.svg).

| tutor | per month |
|---|---:|
| lora (`lora`) | <b>2</b> |

## Break-even

| | |
|---|---|
| a | b |
"""


def test_a_report_is_a_page_with_links_pictures_and_cards() -> None:
    """Links stay inside, what would leave is text, a picture is drawn, cells know their columns, and markup is shown as it is."""
    page = document("cost_benefit", TEXT, [Figure("moves", "Moves", "alt", "<svg>drawn</svg>")])
    assert '<h2 id="cost_benefit-title">Costs</h2>' in page
    assert '<h3 id="cost_benefit-break-even">' in page
    assert "<th></th>" not in page
    assert '<a href="#comparison">the comparison</a>, <a href="#scorecard">scores</a>, <span>a site</span> and <svg>drawn</svg>' in page
    assert '<td data-label="tutor"><span>Small adapter · lora (<code>lora</code>)</span></td>' in page
    assert '<td class="figure" data-label="per month"><span>&lt;b&gt;2&lt;/b&gt;</span></td>' in page


def test_code_and_powers_are_set_and_markup_stays_text() -> None:
    """Powers are raised; a program is set line by line in a fixed width; prose between stays prose."""
    assert typeset("B^-1 is <b>, `x`") == "B<sup>-1</sup> is &lt;b&gt;, <code>x</code>"
    set_ = typeset("Why does it stop?\n\ndef f(n):\n    return n", code=True)
    assert set_ == "Why does it stop?\n\n<code>def f(n):</code>\n<code>    return n</code>"
