"""What pictures are drawn with: text, lines and marks as SVG, at places in per cent of the width and heights in pixels."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from xml.sax.saxutils import escape, quoteattr

from three_tutors.scoring.statistics import Interval

LINE = 18
"""Pixels of a line of text."""
LEFT, RIGHT = 0.02, 0.98
AXIS = 0.13
"""Where a drawing begins if figures stand left of it."""

SMALL = "."
"""The marker of many points beside each other."""
SHAPES: Mapping[str, str] = {
    "o": '<circle r="5"/>',
    "s": '<path d="M-4.5-4.5h9v9h-9z"/>',
    "^": '<path d="M0-6 5.5 4.5h-11z"/>',
    "v": '<path d="M0 6 5.5-4.5h-11z"/>',
    "D": '<path d="M0-6 6 0 0 6-6 0z"/>',
    SMALL: '<circle r="2"/>',
    "*": '<path d="M0-7 1.8-2.3 6.7-2.2 2.8.9 4.1 5.7 0 2.9-4.1 5.7-2.8.9-6.7-2.2-1.8-2.3z"/>',
}


@dataclass(frozen=True)
class Scale:
    """An axis from `low` to `high`."""

    low: float
    high: float
    tell: Callable[[float], str]
    log: bool = False

    def at(self, value: float) -> float:
        """Return where a value lies, 0–1."""
        low, high, value = (math.log10(one) if self.log else one for one in (self.low, self.high, value))
        return min(1.0, max(0.0, (value - low) / ((high - low) or 1.0)))

    def with_room(self, share: float = 0.05) -> Scale:
        """Return the scale with so much room below and above, so that no point lies on its edge."""
        room = (self.high - self.low) * share
        return replace(self, low=self.low - room, high=self.high + room)

    @property
    def ticks(self) -> list[float]:
        """Return round values along the axis, at most six."""
        if self.log:
            first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
            step = max(1, math.ceil((last - first) / 5))
            return [10.0**power for power in range(first, last + 1, step) if self.low <= 10.0**power <= self.high]
        rough = (self.high - self.low) / 4 or 1.0
        unit = 10.0 ** math.floor(math.log10(rough))
        step_of = next(unit * times for times in (1, 2, 2.5, 5, 10) if unit * times >= rough * 0.999)
        count = math.floor((self.high - self.low) / step_of + 1e-9)
        start = math.ceil(self.low / step_of - 1e-9) * step_of
        return [round(start + number * step_of, 10) for number in range(count + 1) if start + number * step_of <= self.high + 1e-9]


def drawing(height: float, alt: str, drawn: Sequence[str]) -> str:
    """Return a whole picture of `height` pixels, with the words that stand for it."""
    font = 'font-family="system-ui, Segoe UI, DejaVu Sans, sans-serif" font-size="13"'
    head = f'<svg xmlns="http://www.w3.org/2000/svg" width="100%" height="{height:.0f}" role="img" aria-label={quoteattr(alt)} {font}>'
    return head + "".join(drawn) + "</svg>"


def place(share: float) -> float:
    """Return where a share of the whole width lies."""
    return LEFT + share * (RIGHT - LEFT)


def beside_axis(share: float) -> float:
    """Return where a share of the width right of the axis lies."""
    return AXIS + share * (RIGHT - AXIS)


def words(
    x: float, y: float, text: str, anchor: str = "start", *, weight: str = "", quiet: bool = False, ink: str = "", size: int = 0
) -> str:
    """Return text at a place; `ink` is a colour, `size` in pixels."""
    extra = f' font-weight="{weight}"' if weight else ""
    extra += ' fill-opacity="0.75"' if quiet else ""
    extra += f' font-size="{size}"' if size else ' font-size="12"' if quiet else ""
    extra += "" if anchor == "start" else f' text-anchor="{anchor}"'
    return f'<text x="{100 * x:.2f}%" y="{y:.0f}" fill="{ink or "currentColor"}"{extra}>{escape(text)}</text>'


def level(x: float, y: float) -> str:
    """Return a faint line across at height `y`."""
    return f'<line x1="{100 * x:.0f}%" x2="{100 * RIGHT:.0f}%" y1="{y:.1f}" y2="{y:.1f}" stroke="currentColor" stroke-opacity="0.15"/>'


def upright(x: float, top: float, bottom: float, dash: str, opacity: float) -> str:
    """Return a line from top to bottom at `x`."""
    dashed = f' stroke-dasharray="{dash}"' if dash else ""
    place = f'x1="{100 * x:.2f}%" x2="{100 * x:.2f}%" y1="{top:.0f}" y2="{bottom:.0f}"'
    return f'<line {place} stroke="currentColor" stroke-opacity="{opacity}"{dashed}/>'


def ticks(scale: Scale, top: float, bottom: float) -> str:
    """Return faint lines at the round values of `scale`, with the values below."""
    drawn = []
    for tick in scale.ticks:
        share = scale.at(tick)
        anchor = "start" if share < 0.03 else "end" if share > 0.97 else "middle"  # noqa: PLR2004 - the letters stay inside the picture
        drawn += [upright(place(share), top, bottom, "", 0.15), words(place(share), bottom + 15, scale.tell(tick), anchor, quiet=True)]
    return "".join(drawn)


def whisker(share: Interval, scale: Scale, y: float) -> str:
    """Return the line of an interval; nothing where there is none."""
    if share.low is None or share.high is None:
        return ""
    low, high = (100 * place(scale.at(end)) for end in (share.low, share.high))
    ends = "".join(f'<line x1="{x:.2f}%" x2="{x:.2f}%" y1="{y - 4:.0f}" y2="{y + 4:.0f}"/>' for x in (low, high))
    line = f'<line x1="{low:.2f}%" x2="{high:.2f}%" y1="{y:.0f}" y2="{y:.0f}"/>'
    return f'<g stroke="currentColor" stroke-width="1.5">{line}{ends}</g>'


def point_mark(x: float, y: float, colour: str, marker: str, says: str = "") -> str:
    """Return a mark in the shape of `marker` (see `SHAPES`); `says` is shown when the pointer rests on it."""
    title = f"<title>{escape(says)}</title>" if says else ""
    shape = SHAPES.get(marker, SHAPES["o"])
    return f'<svg x="{100 * x:.2f}%" y="{y:.1f}" overflow="visible" fill="{colour}">{title}{shape}</svg>'


def legend_rows(labels: Sequence[str]) -> int:
    """Return how many lines a legend of these labels takes."""
    return -(-len(labels) // _per_row(labels))


def _per_row(labels: Sequence[str]) -> int:
    """Return how many labels stand beside each other on a phone, where about 45 letters fit."""
    return max(1, 45 // (max(map(len, labels), default=1) + 4))


def legend(labels: Sequence[tuple[str, str, str]]) -> str:
    """Return the legend: label, colour and marker of each series."""
    each = _per_row([label for label, _, _ in labels])
    drawn = []
    for number, (label, colour, marker) in enumerate(labels):
        x, y = LEFT + (RIGHT - LEFT) * (number % each) / each, 10 + LINE * (number // each)
        drawn.append(point_mark(x + 0.015, y, colour, marker) + words(x + 0.04, y + 4, label, size=12))
    return "".join(drawn)


def whole(value: float) -> str:
    """Return a share in whole per cent."""
    return f"{value * 100:.0f} %"
