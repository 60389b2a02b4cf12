"""A measure: what a score says about itself, declared once beside its scorer and read by scores, trust, reports and summary.

Some scores were compared with people by `python -m three_tutors.trust.agreement`, on two public sets that are not part of this project:

    MRBench    1,282 replies by 9 tutors in 155 conversations; kaushal0494/UnifyingAITutorEvaluation@bbef521, CC BY-SA 4.0
    uptake     1,061 classroom exchanges in 371 transcripts; ddemszky/conversational-uptake@67fb30c, MIT

Scores with fitted weights are quoted with the writer (MRBench) and the conversation held out, because a learned scorer partly
recognises a writer's style. The cues were chosen on the same sample, which flatters them by two to four points: with the cues chosen
anew for each held-out writer the four dimensions have .60, .47, .49 and .54.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score

Topic = Literal["the reply as a whole", "a mistake", "the turn", "the conversation", "the text", "the teacher's words", "form"]
TOPICS: tuple[Topic, ...] = get_args(Topic)
"""What scores are about, in the order of the tables."""

OFTEN, CLEARLY, HIGHER = ("more often", "less often"), ("more clearly", "less clearly"), ("higher", "lower")
MRBENCH, EXCHANGES = "MRBench", "classroom exchanges of Demszky et al."
HELD_OUT, RULES = "writer and conversation held out", "rules that were written while looking at these rows"
VALIDATED = 0.4
"""Cohen's kappa below which a score is called weak, and a judge unvalidated."""


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
    experts: tuple[float, float] | None = None
    """Mean level that people and the scorer gave the replies of MRBench's expert teachers."""

    @property
    def sentence(self) -> str:
        """The figures in words, for a table of trust."""
        weak = ""
        if self.kappa is not None:
            weak = f"; Cohen's κ {self.kappa:.2f}" + (
                ", weak: trust the mean of many replies, not a single one" if self.kappa < VALIDATED else ""
            )
        of = f" with {self.of}" if self.of else ""
        return (
            f"{self.figure} {self.value:.2f} [{self.low:.2f}, {self.high:.2f}]{of}{weak} ({self.rows:,} ratings, {self.source}; {self.how})"
        )


@dataclass(frozen=True)
class Measure:
    """One score: how it is taken, how a reader meets it, and how far it may be believed."""

    name: str
    """Its key in the score files."""
    label: str
    """Head of its row."""
    question: str
    """What it asks of a reply."""
    happens: str
    """How a sentence about it begins: `The answer is given away` …"""
    of: Callable[[Replied], Score]
    """The scorer."""
    about: Topic
    how: tuple[str, str] = OFTEN
    """… and goes on where the value is higher, and where it is lower."""
    better: Literal["higher", "lower", "neither"] = "higher"
    """`neither` describes a reply and does not judge it."""
    digits: int | None = None
    """Decimals of a plain number; None for a share or a level from 0 to 1, told in per cent."""
    checked: Checked | None = None
    """How far it agrees with people; None where nobody has checked."""
    in_metrics: bool = False
    """Whether reports/metrics/<tutor>.json holds its mean."""
    in_summary: bool = False
    """Whether experiments are compared by it, in reports/summary.json."""
    needs_reply: bool = True
    """Whether a tutor that said nothing is unscored; False where the score is of the tutor's model and not of what it said."""
    holds_against_teacher: bool = False
    """Whether it compares a reply with the teacher's own, so that the teachers' own value says nothing."""
    failure: str = ""
    """What a scripted student met where a reply has not the best value; empty where it is not followed turn by turn."""
    above_teachers: str = ""
    """Why a tutor may be above the human teachers in it; empty if nobody knows."""

    @property
    def arrow(self) -> str:
        """Which way is better."""
        return {"higher": "↑", "lower": "↓", "neither": ""}[self.better]
