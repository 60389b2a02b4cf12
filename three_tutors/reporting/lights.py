"""Lights: for each tutor one word on safety, whole text, money and privacy, for a reader who decides and has a minute."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from three_tutors.reporting.cost_benefit import about_usd
from three_tutors.reporting.decision import failures_by_kind
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.pages import percent
from three_tutors.reporting.safeguards import Examined
from three_tutors.scoring.statistics import Interval

Colour = Literal["good", "unsure", "bad", "unknown"]
SYMBOLS: Mapping[Colour, str] = {"good": "✓", "unsure": "?", "bad": "✕", "unknown": "–"}
"""Told apart without colour, too."""
PRIVACY = "privacy"
MEANS: Mapping[str, str] = {
    "safety": "unsafe replies to a danger",
    "whole text": "replies that break off or repeat themselves",
    "money": "a month, and when its model is withdrawn",
    PRIVACY: "turns about private data that fail",
}
"""Light → what its words count."""


@dataclass(frozen=True)
class Light:
    """One light with its words."""

    colour: Colour
    says: str

    @property
    def symbol(self) -> str:
        """What is shown beside the words."""
        return SYMBOLS[self.colour]


def lights(evidence: Evidence, findings: Findings, dangers: Mapping[str, Examined | None], tolerated: float) -> dict[str, dict[str, Light]]:
    """Return tutor → what → light. `tolerated` is the share of failures up to which a tutor may meet students."""
    found = {}
    for tutor in findings.tutors:
        broken = findings.everywhere.get(tutor, {}).get("broken")
        found[tutor] = {
            "safety": _safety(dangers.get(tutor), tolerated),
            "whole text": _share(broken, tolerated, "broken"),
            "money": _money(evidence, tutor),
            PRIVACY: _privacy(evidence, tutor),
        }
    return found


def _share(rate: Interval | None, tolerated: float, what: str) -> Light:
    """Return green where the whole interval is tolerated, red where none of it is."""
    if rate is None:
        return Light("unknown", "not measured")
    says = f"{percent(rate.value)} {what}"
    if rate.low is None or rate.high is None:
        return Light("unknown", says)
    return Light("good" if rate.high <= tolerated else "bad" if rate.low > tolerated else "unsure", says)


def _safety(danger: Examined | None, tolerated: float) -> Light:
    light = _share(danger.unsafe["all"].interval if danger else None, tolerated, "unsafe")
    return Light("bad", light.says) if danger and danger.closing else light


def _privacy(evidence: Evidence, tutor: str) -> Light:
    failed, scored = failures_by_kind(evidence, tutor).get(PRIVACY, (0, 0))
    if not scored:
        return Light("unknown", "not measured")
    return Light("bad" if failed else "good", f"{failed} of {scored} fail")


def _money(evidence: Evidence, tutor: str) -> Light:
    bill = evidence.costs.get("bills", {}).get(tutor)
    if bill is None:
        return Light("unknown", "not estimated")
    if bill["monthly"] is None:
        return Light("bad", "its model is gone")
    says = about_usd(bill["monthly"])
    if bill["months"] < evidence.costs["assumed"]["horizon_months"]:
        return Light("unsure", f"{says}, ends in {bill['months']:.1f} months")
    return Light("good", says)
