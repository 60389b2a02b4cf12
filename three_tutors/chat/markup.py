r"""What a person or a model wrote, as HTML: Markdown, mathematics and code, and nothing that acts.

Markup in a text stays text, pictures become links, links are kept where markdown-it finds them harmless. Mathematics in `$…$`,
`$$…$$`, `\(…\)` or `\[…\]` becomes MathML, which browsers draw without a script or a font of ours. latex2mathml leaves tags in
`\text{…}` and addresses in `\href{…}` as they come, so only elements and attributes that are listed here are written, and every text
is escaped here.
"""

from __future__ import annotations

import html
import re
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from latex2mathml import exceptions
from latex2mathml.converter import convert_to_element
from markdown_it import MarkdownIt
from markupsafe import Markup
from mdit_py_plugins.dollarmath import dollarmath_plugin
from mdit_py_plugins.texmath import texmath_plugin

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from markdown_it.rules_inline import StateInline

LONGEST_FORMULA = 1000
"""Characters; a longer one is shown as it was written."""
REMEMBERED = 512
"""Texts whose HTML is kept: a page shows all of a conversation again at every turn."""

_MATHML = """
    math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mmultiscripts mprescripts
    mtable mtr mtd mlabeledtr mstyle mpadded mphantom menclose mfenced merror
"""
_OF_MATHML = """
    display displaystyle scriptlevel mathvariant stretchy fence form separator accent accentunder movablelimits largeop symmetric
    linethickness columnalign rowspacing columnspacing columnlines rowlines width height depth lspace rspace minsize maxsize notation
    mathcolor mathsize
"""
_ELEMENTS, _ATTRIBUTES = frozenset(_MATHML.split()), frozenset(_OF_MATHML.split())
_VALUE = re.compile(r"[\w .,%#+-]*")
_REFUSALS: tuple[type[Exception], ...] = (
    *(one for one in vars(exceptions).values() if isinstance(one, type) and issubclass(one, Exception)),
    # What it stumbles over in formulas that are none.
    IndexError,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    RecursionError,
    StopIteration,
)


@lru_cache(maxsize=REMEMBERED)
def markup(text: str, speaker: str = "teacher") -> Markup:
    """Return the HTML of a text. A student's `- 3` or `> 5` is no list and no quotation, so blocks other than code stay as typed."""
    return Markup(_reader(speaker).render(text))  # noqa: S704 - what the module is for; see its docstring


@cache
def _reader(speaker: str) -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    reader.disable(["html_block", "html_inline", "autolink", "reference", "code", "lheading", "image"])
    if speaker == "student":
        reader.disable(["list", "blockquote", "heading", "hr", "table"])
    reader.use(texmath_plugin, delimiters="brackets")
    reader.use(
        dollarmath_plugin,  # after the other one, so that its renderer draws the formulas of both
        allow_labels=False,
        allow_space=False,
        allow_digits=False,
        allow_blank_lines=False,
        double_inline=True,
        renderer=lambda formula, how: _formula(formula, block=how["display_mode"]),
    )
    reader.disable(["math_block_eqno"])
    reader.inline.ruler.before("emphasis", "times", _times)
    # A reply is one part of a page that has its own headings.
    reader.add_render_rule("heading_open", lambda *_: '<p class="heading">')
    reader.add_render_rule("heading_close", lambda *_: "</p>\n")
    reader.add_render_rule("link_open", _link)
    # In a sentence; the plugin would put a block there, which ends the paragraph.
    reader.add_render_rule("math_inline_double", lambda _, tokens, index, *__: _formula(tokens[index].content, block=True))
    return reader


def _times(state: StateInline, silent: bool) -> bool:
    """Take the star in 3*4*5 for a sign of multiplication and not for the begin of italics."""
    at = state.pos
    if state.src[at] != "*" or not 0 < at < len(state.src) - 1:
        return False
    before, after = state.src[at - 1], state.src[at + 1]
    if not (before.isalnum() or before == ")") or not (after.isalnum() or after == "("):
        return False
    if not silent:
        state.pending += "*"
    state.pos += 1
    return True


def _link(_: object, tokens: Any, index: int, *__: object) -> str:  # noqa: ANN401 - markdown-it's tokens
    address = html.escape(str(tokens[index].attrGet("href") or ""))
    return f'<a href="{address}" rel="noopener noreferrer nofollow" target="_blank">'


def _formula(formula: str, *, block: bool) -> str:
    try:
        if len(formula) > LONGEST_FORMULA:
            raise ValueError(formula)
        drawn = _written(convert_to_element(formula, display="block" if block else "inline"))
    except _REFUSALS:
        return f"<code>{html.escape(formula)}</code>"
    return drawn


def _written(element: Element) -> str:
    """Return an element of MathML as text; of one that is not listed only what stands in it."""
    # latex2mathml writes signs as entities (&#x0002B;), which are read here and escaped again.
    inside = html.escape(html.unescape(element.text or "")) + "".join(
        _written(child) + html.escape(html.unescape(child.tail or "")) for child in element
    )
    tag = str(element.tag)
    if tag not in _ELEMENTS:
        return inside
    attributes = "".join(f' {name}="{value}"' for name, value in element.attrib.items() if name in _ATTRIBUTES and _VALUE.fullmatch(value))
    return f"<{tag}{attributes}>{inside}</{tag}>"
