"""Fill the templates beside this module. Whatever comes from a model or a dialogue is data, never markup."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from three_tutors.reporting.names import named, plain_name
from three_tutors.reporting.typeset import typeset
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.statistics import Interval
from three_tutors.tutoring.methods import BASELINE, HOSTED, PROMPTED, REFERENCE, TUNED, TUTORS

TEMPLATES = Path(__file__).parent / "templates"

_MARKDOWN = re.compile(r"([\\`*_{}\[\]<>|#~$])")


def page(template: str, **values: Any) -> str:  # noqa: ANN401 - a template takes anything
    """Return the text of `template`; a name it uses and does not get is an error."""
    text = _environment().get_template(template).render(**values)
    return _tidy(text) if template.endswith(".md.jinja") else text


def percent(value: float | None, digits: int = 0) -> str:
    """Return a share as per cent: 0.125 → `12 %`; nothing measured is a dash."""
    return "–" if value is None else f"{value * 100:.{digits}f} %"


def told(value: float | None, score: Measure) -> str:
    """Return a value of a score as it is printed: a share in per cent, anything else as a plain number."""
    return percent(value) if score.digits is None else number(value, score.digits)


def between(interval: Interval, score: Measure | None = None) -> str:
    """Return an interval as it is printed: `12–31 %`, in per cent or as the values of `score` are."""
    if interval.low is None:
        return "interval not computable"
    low, high = (told(end, score) if score else percent(end) for end in (interval.low, interval.high))
    return f"{low.removesuffix(' %')}–{high}"


def spread(interval: Interval | None, score: Measure | None = None) -> str:
    """Return an interval for a cell of a table; nothing where there is none, or where it has no width as printed."""
    if interval is None or interval.low is None:
        return ""
    low, high = (told(end, score) if score else percent(end) for end in (interval.low, interval.high))
    return "" if low == high else between(interval, score)


def points(value: float | None) -> str:
    """Return a difference of shares in percentage points with its sign: 0.125 → `+12`."""
    if value is None:
        return "–"
    whole = round(value * 100)
    return f"{whole:+d}".replace("-", "−") if whole else "0"


def number(value: float | None, digits: int = 2) -> str:
    """Return a plain number with thousands separated; nothing measured is a dash."""
    return "–" if value is None else f"{value:,.{digits}f}".replace("-", "−")


def count(value: int, one: str, many: str | None = None) -> str:
    """Return a number with its noun: `1 dialogue`, `3 dialogues`."""
    return f"{value:,} {one if value == 1 else many or one + 's'}"


def plain(name: str) -> str:
    """Return a label of the data as words: `worked_example` → `worked example`."""
    return name.replace("_", " ")


def listed(values: Sequence[object], last: str = "and") -> str:
    """Return values as one reads them: `a, b and c`."""
    texts = [str(value) for value in values]
    return texts[0] if len(texts) == 1 else f"{', '.join(texts[:-1])} {last} {texts[-1]}" if texts else ""


def together(told_of: Mapping[str, str]) -> str:
    """Return what is told of each name, names of which the same is told side by side: `dspy and lora 12 % and openai 31 %`."""
    names: dict[str, list[str]] = {}
    for name, text in told_of.items():
        names.setdefault(text, []).append(name)
    return listed([f"{listed(some)} {text}" for text, some in names.items()])


def unbroken(text: str) -> str:
    """Return a sentence whose per cent signs stay on the line of their number."""
    return text.replace(" %", "\u00a0%")


def markdown(text: object) -> str:
    """Return text that a Markdown reader shows as it is: no markup, no line break, no cell border."""
    return _MARKDOWN.sub(r"\\\1", " ".join(str(text).split()))


def _environment() -> Environment:
    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default_for_string=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    # No template spells a tutor's name.
    environment.globals |= {
        "BASELINE": BASELINE,
        "PROMPTED": PROMPTED,
        "TUNED": TUNED,
        "HOSTED": HOSTED,
        "REFERENCE": REFERENCE,
        "TUTORS": TUTORS,
    }
    environment.filters |= {
        "percent": percent,
        "told": told,
        "between": between,
        "spread": spread,
        "points": points,
        "number": number,
        "count": count,
        "plain": plain,
        "listed": listed,
        "md": markdown,
        "unbroken": unbroken,
        "named": named,
        "plain_name": plain_name,
        "typeset": typeset,
    }
    return environment


def source(name: str) -> Markup:
    """Return one of our own files beside the templates, to be put into a page unchanged."""
    return Markup((TEMPLATES / name).read_text(encoding="utf-8"))  # noqa: S704 - ours, not data


def _tidy(text: str) -> str:
    """Remove the gaps that omitted sentences leave, and put one blank line before each heading."""
    lines = [re.sub(r"(?<=\S) {2,}(?=\S)", " ", line.rstrip()) for line in text.strip().splitlines()]
    spaced = re.sub(r"(?<=[^\n])\n(?=#{1,4} )", "\n\n", "\n".join(lines))
    return re.sub(r"\n{3,}", "\n\n", spaced) + "\n"
