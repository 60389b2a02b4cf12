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
    assert (
        '<a href="#comparison">the comparison</a>, <a href="#scorecard">scores</a>, <span>a site</span> and <b>Moves</b><svg>drawn</svg>'
        in page
    )
    assert (
        '<td data-label="tutor"><span><span class="named">Small adapter <small>· lora</small></span> (<code>lora</code>)</span></td>'
        in page
    )
    assert '<td class="figure" data-label="per month"><span>&lt;b&gt;2&lt;/b&gt;</span></td>' in page


def test_wide_tables_become_cards_and_long_ones_fold() -> None:
    """Two columns fit a phone as they are; four become cards; with ten rows the reader opens them."""
    row = "| 1 | 2 | 3 | 4 |\n"
    short, long = (document("data_card", f"| a | b | c | d |\n|---:|---:|---:|---:|\n{row * rows}") for rows in (9, 10))
    assert 'class="cards numbers"' in short
    assert ("<details>" in short, "<details><summary>Table of 10 rows</summary>" in long) == (False, True)
    assert "cards" not in document("data_card", "| a | b |\n|---|---|\n| 1 | 2 |\n")


def test_what_machines_read_is_not_shown() -> None:
    """The head of a data card, and what folds a table in the file, are no text of the page."""
    page = document("data_card", "---\nlicense: cc-by-4.0\n---\n\n# Card\n\n<details>\n<summary>40 rows</summary>\n\nText\n\n</details>\n")
    assert "license" not in page
    assert "details" not in page
    assert "<p>Text</p>" in page


def test_code_and_powers_are_set_and_markup_stays_text() -> None:
    """Powers are raised; a program is set line by line in a fixed width; prose between stays prose."""
    assert typeset("B^-1 is <b>, `x`") == "B<sup>-1</sup> is &lt;b&gt;, <code>x</code>"
    set_ = typeset("Why does it stop?\n\ndef f(n):\n    return n", code=True)
    assert set_ == "Why does it stop?\n\n<code>def f(n):</code>\n<code>    return n</code>"
