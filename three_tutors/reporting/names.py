"""What the reports call a tutor: its plain name of the table of methods, and the method beside it."""

from __future__ import annotations

import re
from collections.abc import Mapping

from markupsafe import Markup, escape

from three_tutors.tutoring.methods import REFERENCE, TUTORS, Method

TEACHERS = "Human teachers"
BOT = "Best bot"
LOCAL = "local"
"""What params.yaml says where a service is this machine itself."""

_QUOTE = re.compile(r"(“[^”]*”)")
_NAME = re.compile(rf"(?<![\w@/.`'=-])({'|'.join(map(re.escape, TUTORS))})(?![\w@/`=-]|\.\w)")
_BESIDE = Markup('<span class="named">{} <small>· {}</small></span>')
_UNTRAINED = re.compile(r"\b([Tt]he) (?:untrained )?baseline\b")


def plain_name(tutor: str) -> str:
    """Return the plain name of a tutor: `Small adapter`; of the reference `Human teachers`."""
    return TEACHERS if tutor == REFERENCE else TUTORS[tutor].plain if tutor in TUTORS else tutor


def method_beside(tutor: str, sections: Mapping[str, object] | None = None) -> str:
    """Return what stands beside the plain name: the method, and where a service ran if the `sections` of params.yaml say so."""
    if tutor not in TUTORS:
        return ""
    row = TUTORS[tutor]
    return f"{row.beside}{_place(row, sections or {})}" if row.opened == "service" else row.beside


def spoken(text: str) -> str:
    """Return one of our own sentences with plain names: `lora is ahead` → `Small adapter · lora is ahead`.

    Commands, settings and quotations keep what they say.
    """
    return "".join(
        part if part.startswith("“") else _NAME.sub(lambda found: TUTORS[found[1]].full_name, _plainly(part)) for part in _parts(text)
    )


def named(text: str) -> Markup:
    """Return the same as HTML in which the method stands small beside the name, so that a sentence with many names can be read."""
    return Markup().join(escape(part) if part.startswith("“") else _named(_plainly(part)) for part in _parts(text))


def _parts(text: str) -> list[str]:
    """Return a sentence cut into quotations and what stands between them."""
    return _QUOTE.split(text)


def _plainly(text: str) -> str:
    return _UNTRAINED.sub(r"\1 untrained model", text)


def _named(text: str) -> Markup:
    made, start = Markup(), 0
    for found in _NAME.finditer(text):
        row = TUTORS[found[1]]
        made += escape(text[start : found.start()]) + _BESIDE.format(row.plain, row.beside)
        start = found.end()
    return made + escape(text[start:])


def _place(row: Method, sections: Mapping[str, object]) -> str:
    section = sections.get(row.name)
    where = section.get("base_url") if isinstance(section, Mapping) else None
    return "" if where is None else ", on this machine" if where == LOCAL else ", at a service"
