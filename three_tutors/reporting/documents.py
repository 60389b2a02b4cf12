"""Reports in Markdown as pages inside index.html: their links lead to pages, their pictures are drawn in place, their tables fold."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from markdown_it import MarkdownIt
from markdown_it.token import Token
from markupsafe import Markup

from three_tutors.reporting.figures import Figure
from three_tutors.reporting.names import named, spoken
from three_tutors.reporting.pages import unbroken

TITLES: Mapping[str, str] = {
    "comparison": "The comparison",
    "cost_benefit": "Costs and benefits",
    "deployment_plan": "Deployment plan",
    "reflection": "What it means for teaching",
    "data_card": "Data card",
    "studies": "Studies",
    "benchmarks": "Benchmarks",
}
"""Document → its name in menus."""

_READER = MarkdownIt("commonmark", {"html": False}).enable("table")
_PICTURE = re.compile(r"figures/([\w-]+)\.svg$")
_BESIDE = re.compile(r"([\w-]+)\.(?:md|html)(?:#(.*))?$")
_FOR_MACHINES = re.compile(r"\A---\n.*?\n---\n", re.DOTALL)
"""What stands above the title of a data card for those who list data sets."""
_OPENED = re.compile(r"^</?(?:details|summary)>.*$", re.MULTILINE)
"""What folds a table where Markdown is read as a file; here a long table is folded anyway."""
_FEW, _FEW_NUMBERS = 2, 3
"""Columns that a phone has room for, of words and of numbers."""
_LONG = 10
"""Rows of a wide table that is folded away."""


def document(name: str, text: str, figures: Sequence[Figure] = ()) -> Markup:
    """Return the Markdown report `name` as HTML whose ids begin with its name; markup in it is shown and not obeyed."""
    tokens = _folded(_READER.parse(_OPENED.sub("", _FOR_MACHINES.sub("", text))))
    drawn = {figure.name: figure for figure in figures}
    columns: list[str] = []
    column, in_head = 0, False
    for number, token in enumerate(tokens):
        if token.type.startswith("heading"):
            level = int(token.tag[1:])
            token.tag = f"h{min(level + 1, 6)}"
            if token.nesting == 1:
                token.attrSet("id", f"{name}-title" if level == 1 else f"{name}-{_slug(tokens[number + 1].content)}")
        elif token.type == "table_open":
            columns = []
        elif token.type in ("thead_open", "thead_close"):
            in_head = token.type == "thead_open"
        elif token.type == "tr_open":
            column = 0
        elif token.type in ("th_open", "td_open"):
            _cell(tokens[number : number + 3], columns, column, in_head=in_head)
            column += 1
        elif token.type in ("fence", "code_block"):
            token.attrSet("tabindex", "0")
        elif token.type == "inline":
            _inline(token, drawn)
    return Markup(_READER.renderer.render(tokens, _READER.options, {}))  # noqa: S704 - the reader escapes what it does not make itself


def _folded(tokens: Sequence[Token]) -> list[Token]:
    """Return the tokens with tables that a phone shows as cards, and long ones that a reader has to open."""
    made = list(tokens)
    starts = [number for number, token in enumerate(made) if token.type == "table_open"]
    for start in reversed(starts):
        end = next(number for number in range(start, len(made)) if made[number].type == "table_close")
        heads = [token for token in made[start:end] if token.type == "th_open"]
        rows = sum(token.type == "tr_open" for token in made[start:end]) - 1
        numbers = sum("right" in str(token.attrs.get("style", "")) for token in heads) > len(heads) // 2
        if len(heads) <= (_FEW_NUMBERS if numbers else _FEW):
            continue
        made[start].attrSet("class", "cards numbers" if numbers else "cards")
        open_, close = '<div class="wide" tabindex="0" role="group" aria-label="Table">', "</div>"
        if rows >= _LONG:
            open_, close = f"<details><summary>Table of {rows} rows</summary>{open_}", f"{close}</details>"
        made[start : end + 1] = [_block(open_), *made[start : end + 1], _block(close)]
    return made


def _block(content: str) -> Token:
    return Token("html_block", "", 0, content=f"{content}\n")


def _cell(cell: Sequence[Token], columns: list[str], column: int, *, in_head: bool) -> None:
    """Name a cell by its column, so that a narrow screen can show a row as a card."""
    token, content, end = cell
    figures = "right" in str(token.attrs.pop("style", ""))
    if figures:
        token.attrSet("class", "figure")
    if in_head:
        if not content.content:  # a table without headings: an empty one would be read out as nothing
            token.tag = end.tag = "td"
        columns.append(spoken(content.content.replace("`", "")))
    else:
        token.attrSet("data-label", columns[column])
        # One element: beside its label in a card, pieces of a sentence would stand below each other.
        content.children = [_html("<span>"), *(content.children or ()), _html("</span>")]


def _html(text: str) -> Token:
    return Token("html_inline", "", 0, content=text)


def _inline(token: Token, drawn: Mapping[str, Figure]) -> None:
    outside: list[bool] = []
    for child in token.children or ():
        if child.type == "text":
            child.type, child.content = "html_inline", named(unbroken(child.content))
        elif child.type == "link_open":
            target = _target(str(child.attrs.get("href", "")))
            outside.append(not target)
            if target:
                child.attrSet("href", target)
            else:
                child.tag, child.attrs = "span", {}
        elif child.type == "link_close" and outside.pop():
            child.tag = "span"
        elif child.type == "image":
            picture = _PICTURE.search(str(child.attrs.get("src", "")))
            figure = drawn.get(picture[1]) if picture else None
            child.type, child.content = ("html_inline", f"<b>{named(figure.title)}</b>{figure.svg}") if figure else ("text", child.content)


def _target(address: str) -> str:
    """Return where a link leads inside the page; nothing where it leads elsewhere, as the page asks no network."""
    if address.startswith("#"):
        return address
    found = _BESIDE.fullmatch(address)
    if not found:
        return ""
    return f"#{found[2]}" if found[2] else f"#{found[1].replace('index', 'home')}"


def _slug(text: str) -> str:
    return re.sub(r"\W+", "-", text.lower()).strip("-") or "part"
