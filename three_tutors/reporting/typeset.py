"""What people and tutors wrote, set so that it can be read: code in a fixed width, powers raised."""

from __future__ import annotations

import re

from markupsafe import Markup, escape

_CODE = re.compile(
    r"^(?:\s{2,}\S|(?:def|class|return|import|from|print|else|try|except)\b.*[:()\w]$|(?:for|while|if|elif)\b.*:|\w[\w.\[\]]* [-+*/]?= )"
)
_PIECE = re.compile(r"`([^`\n]+)`|(?<=[\w)])\^(-?\w{1,3}\b|\([^()\n]{1,12}\))")


def typeset(text: str, *, code: bool = False) -> Markup:
    """Return text as HTML that can hold no markup of its own; with `code`, lines that look like a program are set as one."""
    made, start = Markup(), 0
    lines = text.split("\n")
    if code and len(lines) > 1:
        return Markup("\n").join(Markup("<code>{}</code>").format(one) if _CODE.match(one) else typeset(one) for one in lines)
    for found in _PIECE.finditer(text):
        made += escape(text[start : found.start()])
        made += Markup("<code>{}</code>").format(found[1]) if found[1] else Markup("<sup>{}</sup>").format(found[2])
        start = found.end()
    return made + escape(text[start:])
