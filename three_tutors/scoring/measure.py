"""A measure: what a score says about itself, declared once beside its scorer and read by scores, trust, reports and summary.

Some scores were compared with people by `python -m three_tutors.trust.agreement`, on two public sets that are not part of this project:

    MRBench    1,282 replies by 9 tutors in 155 conversations; kaushal0494/UnifyingAITutorEvaluation@bbef521, CC BY-SA 4.0
    uptake     1,061 classroom exchanges in 371 transcripts; ddemszky/conversational-uptake@67fb30c, MIT

Those rows were seen while cues were chosen and weights fitted. The figures that count come from rows nobody had seen: 1,194 other
replies of MRBench by other writers or in other conversations, and 937 other exchanges. MRBench's writers differ so much that a score
can agree with people by telling good writers from bad ones; what is left without the two worst writers stands beside each figure.
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
UNSEEN, RULES = "rows that nobody had seen", "rules that were written while looking at these rows"
VALIDATED = 0.4
"""Cohen's kappa below which a score is called weak and does not count as checked, and a judge is unvalidated."""


@dataclass(frozen=True)
class Checked:
    """How far one score agrees with people."""

    figure: str
    """Name of the figure: `macro-F1`, `F1` or `Spearman's ρ`."""
    value: float
    low: float | None
    """95 % interval, conversations being drawn; None, as `high`, where it was not computed."""
    high: float | None
    rows: int
    """0 where they were not counted."""
    source: str
    how: str
    """On which rows: those that nobody had seen, or those that the rules were written for."""
    kappa: float | None = None
    of: str = ""
    """What people were asked, where it is not quite what the score says."""
    experts: tuple[float, float] | None = None
    """Mean level that people and the scorer gave the replies of MRBench's expert teachers."""
    seen: float | None = None
    """The same figure on the rows that the scorer was made with, which flatter it."""
    within: float | None = None
    """Cohen's kappa without the two worst writers: what is left when bad writers are not there to be told from good ones."""
    by_length: float | None = None
    """The same figure for the number of words of a reply and nothing else."""

    @property
    def holds(self) -> bool:
        """Whether a sentence may call the score checked: without the two worst writers it still agrees with people."""
        return self.within is None or self.within >= VALIDATED

    @property
    def sentence(self) -> str:
        """The figures in words, for a table of trust."""
        ends = "" if self.low is None or self.high is None else f" [{self.low:.2f}, {self.high:.2f}]"
        parts = [f"{self.figure} {self.value:.2f}{ends}{f' with {self.of}' if self.of else ''}"]
        if self.by_length is not None:
            parts.append(f"{self.by_length:.2f} by length alone")
        if self.kappa is not None:
            weak = ", weak: trust the mean of many replies, not a single one" if self.kappa < VALIDATED else ""
            parts.append(f"Cohen's κ {self.kappa:.2f}{weak}")
        if self.within is not None:
            told = "" if self.holds else ", so it mostly tells bad writers from good ones"
            parts.append(f"κ {self.within:.2f} without the two worst writers{told}")
        seen = "" if self.seen is None else f"; {self.seen:.2f} on rows that it was made with"
        rows = f"{self.rows:,} ratings, " if self.rows else ""
        return f"{'; '.join(parts)} ({rows}{self.source}; {self.how}{seen})"


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
    """How far it agrees with people; None where nobody has compared them."""
    in_metrics: bool = False
    """Whether reports/metrics/<tutor>.json holds its mean."""
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

    @property
    def is_checked(self) -> bool:
        """Whether it was compared with people and agrees with them beyond telling bad writers from good ones."""
        return self.checked is not None and self.checked.holds
