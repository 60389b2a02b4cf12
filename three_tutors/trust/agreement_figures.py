"""Agreement figures: how far each score was found to agree with people, where somebody checked.

Measured with `python -m three_tutors.trust.agreement` on samples of two public sets that are not part of this project:

    MRBench    1,282 replies by 9 tutors in 155 conversations; kaushal0494/UnifyingAITutorEvaluation@bbef521, CC BY-SA 4.0
    uptake     1,061 classroom exchanges in 371 transcripts; ddemszky/conversational-uptake@67fb30c, MIT

Scores with fitted weights are quoted with the writer (MRBench) and the conversation held out, since a learned scorer partly
recognises a writer's style; the cues were chosen on the same sample, so two to four points of optimism remain
(with the cues chosen anew for each held-out writer: .60, .47, .49 and .54).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

_MRBENCH, _UPTAKE = "MRBench", "classroom exchanges of Demszky et al."
VALIDATED = 0.4
"""Cohen's kappa under which a score is called weak, and a judge unvalidated."""


@dataclass(frozen=True)
class Checked:
    """How far one score agrees with people."""

    figure: str
    """Name of the figure: `macro-F1`, `F1` or `Spearman's ρ`."""
    value: float
    low: float
    """95 % interval, conversations being drawn."""
    high: float
    rows: int
    source: str
    how: str
    """What was held out, or how the rules came about."""
    kappa: float | None = None
    of: str = ""
    """What people were asked, where it is not quite what the score says."""

    @property
    def sentence(self) -> str:
        """The figures in words, for a table of trust."""
        weak = ""
        if self.kappa is not None:
            weak = f"; Cohen's κ {self.kappa:.2f}" + (", weak: read it over many replies, not in one" if self.kappa < VALIDATED else "")
        of = f" with {self.of}" if self.of else ""
        return (
            f"{self.figure} {self.value:.2f} [{self.low:.2f}, {self.high:.2f}]{of}{weak} ({self.rows:,} ratings, {self.source}; {self.how})"
        )


_HELD_OUT = "writer and conversation held out"
_RULES = "rules, written with these rows at hand"
CHECKED: Mapping[str, Checked] = {
    "leak": Checked("F1", 0.83, 0.73, 0.89, 608, _MRBENCH, _RULES, 0.81, "“reveals the answer”"),
    "false_praise": Checked(
        "F1", 0.77, 0.72, 0.81, 779, _MRBENCH, _RULES, 0.66, "“encouraging tone”; whether it is deserved was not asked"
    ),
    "mistake_identification": Checked("macro-F1", 0.64, 0.60, 0.67, 1282, _MRBENCH, _HELD_OUT, 0.51),
    "mistake_location": Checked("macro-F1", 0.50, 0.47, 0.54, 1282, _MRBENCH, _HELD_OUT, 0.33),
    "providing_guidance": Checked("macro-F1", 0.50, 0.47, 0.54, 1282, _MRBENCH, _HELD_OUT, 0.28),
    "actionability": Checked("macro-F1", 0.56, 0.54, 0.59, 1282, _MRBENCH, _HELD_OUT, 0.40),
    "uptake": Checked("Spearman's ρ", 0.56, 0.51, 0.61, 1061, _UPTAKE, "transcripts held out"),
}
"""By name of the score. A score that is not here was checked by nobody."""

EXPERTS: Mapping[str, tuple[float, float]] = {
    "mistake_identification": (0.82, 0.71),
    "mistake_location": (0.70, 0.60),
    "providing_guidance": (0.73, 0.56),
    "actionability": (0.84, 0.69),
}
"""Mean level that people and the shipped scorer gave the replies of MRBench's expert teachers, by dimension."""


def trust(name: str) -> str:
    """Return how far to trust a score, in words; says so where nobody has checked it."""
    checked = CHECKED.get(name)
    return checked.sentence if checked else "nobody has checked this score against people"
