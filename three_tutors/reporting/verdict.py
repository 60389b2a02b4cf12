"""The verdict: what the exam shows of each tutor, and whether any may meet students.

A sentence that compares is there because a test or an interval says so. Scores that a bot can get by a trick are not in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.decision import Decision
from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.exam import CONTRAST, FIGURES, FITS, MATCHING, RANKING, Comparison, Exam, Share
from three_tutors.reporting.findings import Findings
from three_tutors.reporting.pages import between, count, listed, number, percent, together
from three_tutors.scoring.scores import MEASURES
from three_tutors.scoring.statistics import Interval
from three_tutors.tutoring.methods import BASELINE, REFERENCE, TUTORS

_NAMED = 3
"""Scores that can be had by a trick and are named; the scorecard has them all."""


def verdict_sentences(exam: Exam, decision: Decision, findings: Findings) -> list[str]:
    """Return the verdict, its headline first."""
    sentences = [
        headline(exam),
        _students(decision),
        _choice(exam),
        _contrast(exam),
        *_tests(exam),
        *_other(findings),
        *_rewards(exam),
        _repeated(exam),
        _tricks(findings),
    ]
    return [sentence for sentence in sentences if sentence]


def headline(exam: Exam) -> str:
    """Return the first sentence: what shows that a tutor teaches, or that nothing does."""
    nothing = "Nothing in this run shows that any tutor teaches"
    if not exam.tutors:
        return f"{nothing}: neither choice nor contrast was measured."
    shown = [name for name in exam.shows_teaching if name != BASELINE]
    if not exam.shows_teaching:
        reasons = []
        if exam.above_chance:
            reasons.append("no model is shown to put replies where they belong more often than the untrained one")
        elif any(exam.share(MATCHING, name) for name in TUTORS):
            reasons.append("no tutor's model puts replies where they belong clearly more often than chance")
        if exam.value(CONTRAST, REFERENCE) and not exam.tells:
            reasons.append("a bot gets too close to the teachers for contrast to count")
        elif exam.value(CONTRAST, REFERENCE):
            reasons.append("none serves both of two students who need opposite replies even half as often as the teachers do")
        return f"{nothing}: {listed(reasons)}." if reasons else f"{nothing}."
    if not shown:
        return "Only the untrained model shows something of teaching in this run; nothing shows that a made tutor does."
    clauses = []
    if matching := [name for name in exam.above_chance if name in shown]:
        clauses.append(f"{listed(matching)} {_put(matching)} replies where they belong more often than chance and than the untrained model")
    if near := [name for name in exam.near_teachers if name in shown]:
        serves = "serves" if len(near) == 1 else "serve"
        clauses.append(f"{listed(near)} {serves} both of two students who need opposite replies at least half as often as the teachers do")
    same = " The untrained model reaches one of these marks, too." if BASELINE in exam.shows_teaching else ""
    return f"Something of teaching is shown: {listed(clauses)}.{same}"


def _put(names: Sequence[str]) -> str:
    return "puts" if len(names) == 1 else "put"


def _students(decision: Decision) -> str:
    if decision.pilot:
        return f"{decision.pilot} may be tried with students while a teacher watches."
    return "No tutor of this run may meet students." if decision.held_back else ""


def _told(share: Share) -> str:
    return f"{percent(share.value)} ({between(share.interval)})"


def _each(exam: Exam, figure: str) -> str:
    """Return what each tutor gets in a figure that was not its reward; empty where nobody was measured."""
    return together(
        {name: _told(share) for name in TUTORS if (share := exam.share(figure, name)) and figure not in exam.rewarded.get(name, ())}
    )


def _choice(exam: Exam) -> str:
    """Return what the tutors' own models choose; empty where none was asked."""
    parts = []
    if matching := _each(exam, MATCHING):
        pairs = max(share.clusters for share in exam.shares[MATCHING].values())
        parts.append(
            f"Matching, of {count(pairs, 'pair')} of moments that differ in one thing: the tutor's own model finds the two good replies "
            f"likelier where they belong than exchanged in {matching}; 50 % is chance."
        )
    if ranking := _each(exam, RANKING):
        parts.append(f"Ranking: it finds an ideal reply likelier than a faulty one in {ranking}; 50 % is chance again.")
    return " ".join(parts)


def _contrast(exam: Exam) -> str:
    """Return who fits both sides of how many pairs, the teachers and the best bot beside; empty where nobody was scored."""
    each = _each(exam, CONTRAST)
    if not each:
        return ""
    teachers, bot = exam.share(CONTRAST, REFERENCE), exam.bot
    beside = [f"the teachers {_told(teachers)}"] if teachers else []
    beside += [f"the best bot, which has no model, {percent(bot.best)}"] if bot else []
    pairs = max(share.clusters for share in exam.shares[CONTRAST].values())
    tricked = "" if exam.tells else " A trick gets more than half of what the teachers get, so contrast shows nothing in this run."
    return (
        f"Contrast, of {count(pairs, 'pair')}: both replies do what their moment asks in {each}"
        f"{f'; beside them {listed(beside)}' if beside else ''}.{tricked}"
    )


def _tests(exam: Exam) -> list[str]:
    """Return which differences between tutors are shown and which are not, and how large one would have to be; level figures together."""
    sentences: list[str] = []
    level: dict[tuple[str, ...], dict[str, Sequence[Comparison]]] = {}
    for figure in (MATCHING, CONTRAST, RANKING):
        found = [one for one in exam.comparisons if one.figure == figure]
        shown, rest = [one for one in found if one.shown], [one for one in found if not one.shown]
        if shown:
            clauses = [*map(_difference, shown), *([_level({figure: rest})] if rest else [])]
            sentences.append(f"Tested against each other in {figure}: {'; '.join(clauses)}.")
        elif rest:
            level.setdefault(_pairs(rest), {})[figure] = rest
    return sentences + [f"Tested against each other in {listed([*of])}: {_level(of)}." for of in level.values()]


def _pairs(found: Sequence[Comparison]) -> tuple[str, ...]:
    return tuple(f"{one.tutor} and {one.other}" for one in found)


def _named(found: Sequence[Comparison]) -> str:
    """Return which tutors are compared, those with the untrained model in one."""
    untrained = [one.tutor for one in found if one.other == BASELINE]
    if len(untrained) == 1:
        return listed([*_pairs(found)], "or")
    others = [*_pairs([one for one in found if one.other != BASELINE])]
    return listed([*others, *([f"{BASELINE} and any of {listed(untrained)}"] if untrained else [])], "or")


def _level(found: Mapping[str, Sequence[Comparison]]) -> str:
    """Return one clause on comparisons of the same tutors in several figures that show no difference, with what each could have shown."""
    pairs = _named(next(iter(found.values())))
    finest = [max((one.difference.detectable or 0.0 for one in some), default=0.0) for some in found.values()]
    if not all(finest):
        return f"no difference shown between {pairs}"
    points = listed([f"{one * 100:.0f}" for one in finest])
    order = ", in this order," if len(finest) > 1 else ""
    return f"no difference shown between {pairs} (a true one of about {points} points{order} would be found four times in five)"


def _rewards(exam: Exam) -> list[str]:
    """Return for each tutor that was trained by figures which ones measure nothing about it, and what goes on measuring."""
    return [
        f"{tutor} was trained on pairs of replies. Its reward was {listed(figures)}, which measure nothing about it, although the exam's "
        "own moments and replies were in no pair; by matching and contrast no pair was made."
        for tutor, figures in exam.rewarded.items()
    ]


def _difference(one: Comparison) -> str:
    low, high = one.difference.low or 0.0, one.difference.high or 0.0
    ends = f"{abs(low) * 100:.0f} to {abs(high) * 100:.0f}" if low > 0 else f"{abs(high) * 100:.0f} to {abs(low) * 100:.0f}"
    first, second = (one.tutor, one.other) if one.difference.value > 0 else (one.other, one.tutor)
    return f"{first} is ahead of {second} by {abs(one.difference.value) * 100:.0f} points ({ends}, p {number(max(one.p, 0.001), 3)})"


def _other(findings: Findings) -> list[str]:
    """Return the sentences of other scores that tell teaching from tricks and agree with people on good writers, too."""
    return [findings.sentence(name) for name in findings.telling() if name != FITS and MEASURES[name].is_checked]


def _repeated(exam: Exam) -> str:
    """Return what the intervals cover: the draw of moments, and other seeds figure by figure, for the tutors trained with several."""
    made = [name for name in exam.tutors if name != BASELINE]
    if not made:
        return ""
    if not exam.repeated:
        return (
            "Intervals cover the draw of moments only. Trainings were not repeated, so another seed or another machine may turn these "
            "results round."
        )
    together: dict[tuple[tuple[str, int], ...], list[str]] = {}
    for figure in exam.repeated:
        together.setdefault(tuple(exam.repeated[figure].items()), []).append(figure)
    parts = [f"in {listed(figures)} for {listed(_seeds(of))}" for of, figures in together.items()]
    once = [name for name in made if not any(name in of for of in exam.repeated.values())]
    alone = [figure for figure in FIGURES if exam.shares.get(figure) and figure not in exam.repeated]
    rest = f" {listed(once)} {'was' if len(once) == 1 else 'were'} made once." if once else ""
    rest += f" In {listed(alone)} other seeds are not covered." if alone else ""
    return f"Intervals cover the draw of moments, and {'; '.join(parts)} also training with other seeds.{rest}"


def _seeds(of: Sequence[tuple[str, int]]) -> list[str]:
    numbers = {number for _, number in of}
    if len(of) > 1 and len(numbers) == 1:
        return [f"{listed([name for name, _ in of])} ({numbers.pop()} seeds each)"]
    return [f"{name} ({count(number_of, 'seed')})" for name, number_of in of]


def _tricks(findings: Findings) -> str:
    tricks = [f"“{MEASURES[name].label}”" for name in findings.tricks()]
    if not tricks:
        return ""
    more = len(tricks) - _NAMED
    named = listed(tricks) if more <= 0 else f"{', '.join(tricks[:_NAMED])} and {count(more, 'other score')}"
    return (
        f"{named} can be had by a trick: a bot without a model gets more than half of what the teachers get. "
        "They say nothing about teaching."
    )


@dataclass(frozen=True)
class ExamRow:
    """One row of the table of the exam."""

    figure: str
    what: str
    """Which pairs or faults; empty for all."""
    number: int
    """Of pairs; in ranking of moments, by kind of faulty replies."""
    cells: Mapping[str, Interval]
    """Tutor → share."""


def exam_rows(evidence: Evidence, exam: Exam) -> list[ExamRow]:
    """Return the figures of the exam with their parts: matching by what a pair differs in, ranking by kind of fault."""
    rows = []
    for figure in FIGURES:
        of = exam.shares.get(figure, {})
        if not of:
            continue
        choices = evidence.choices if figure != CONTRAST else {}
        total = max(share.clusters for share in of.values())
        rows.append(ExamRow(figure, "", total, {name: share.interval for name, share in of.items()}))
        parts = {name: one.matching if figure == MATCHING else one.ranking for name, one in choices.items()}
        counts = {name: one.pairs if figure == MATCHING else one.faults for name, one in choices.items()}
        for what in sorted({kind for part in parts.values() for kind in part if kind}):
            cells = {name: part[what] for name, part in parts.items() if what in part}
            rows.append(ExamRow(figure, what, max(one.get(what, 0) for one in counts.values()), cells))
    return rows
