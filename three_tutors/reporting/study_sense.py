"""What studies say of sense: whether tuning cost it, and which teachers' voices leave more of it.

A figure of sense enters a sentence only where it reaches the aims that `trust.fitted_sense` sets for a verdict, and a difference only
where a test over the same replies says so, corrected by Holm's method within its study.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from three_tutors.reporting.pages import between, listed, number, plain
from three_tutors.scoring.statistics import Difference, holm
from three_tutors.studies.replies import Replies, difference
from three_tutors.studies.table import RATE, READ, SENSE, Row
from three_tutors.tutoring.methods import BASELINE, METHODS

LEVEL = 0.05
VOICES = "render.voices"
AIMS = {SENSE: "ratings of tutors' replies"}
CALLED = {SENSE: "the score of wording", READ: "the reading of the base's states"}


@dataclass(frozen=True)
class Senses:
    """The replies of a study's runs, and where each figure of sense falls short."""

    runs: Sequence[Replies]
    short: Mapping[str, Sequence[str]]
    """Figure → aims that it does not reach; empty where it may be believed."""

    def believed(self) -> list[Replies]:
        """Return the runs by the first figure that may be believed, the reading before the wording; empty where none may."""
        for figure in (READ, SENSE):
            if (runs := [one for one in self.runs if one.figure == figure]) and not self.short.get(figure, [figure]):
                return runs
        return []

    def doubts(self, what: str) -> list[str]:
        """Return why `what` is not said; empty where a figure may be believed or none was kept."""
        if self.believed() or not self.runs:
            return []
        kept = [figure for figure in (READ, SENSE) if any(one.figure == figure for one in self.runs)]
        reasons = [
            f"{CALLED[figure]} misses its aims in {listed([AIMS.get(one, plain(one)) for one in self.short[figure]])}" for figure in kept
        ]
        return [f"{what} is not said, because no figure of sense is good enough: {'; '.join(reasons)}. Read replies yourself."]


def of_cost(senses: Senses, rows: Sequence[Row]) -> list[str]:
    """Return for each base whether tuning cost sense, against the untrained model's replies to the same student turns."""
    runs = senses.believed()
    found: dict[str, tuple[Replies, Replies, Difference]] = {}
    for one in runs:
        untrained = [other for other in runs if other.tutor == BASELINE and other.base == one.base]
        if METHODS.get(one.tutor) and METHODS[one.tutor].is_trained and untrained and (gap := difference([one], untrained[-1:])):
            found[f"{one.tutor} {one.settings} {one.base}"] = (one, untrained[-1], gap)
    adjusted = holm({key: gap.p for key, (_, _, gap) in found.items()})
    sentences, level = [], []
    for key, (one, untrained_one, gap) in found.items():
        name = f"{one.tutor} on {one.base} at the rate {told_rate(one.tutor, one.settings, rows)}"
        if adjusted[key] < LEVEL:
            items = len({*one.values} & {*untrained_one.values})
            sentences.append(
                f"Tuning {'cost' if gap.value < 0 else 'brought'} sense: {name} makes {abs(gap.value) * 100:.0f} points "
                f"{'less' if gap.value < 0 else 'more'} of it than the untrained model on the same {items} replies "
                f"({_points(gap)}, p {number(max(adjusted[key], 0.001), 3)}{_by(one)})."
            )
        else:
            level.append(name)
    if level:
        sentences.append(f"No difference in sense from the untrained model is shown for {listed(level)}.")
    return [*sentences, *senses.doubts("Whether tuning cost sense")]


def of_voices_sense(senses: Senses) -> list[str]:
    """Return which voices leave more sense in each tutor's replies, its seeds averaged."""
    grouped: dict[str, dict[str, list[Replies]]] = {}
    for one in senses.believed():
        grouped.setdefault(f"{one.tutor} on {one.base}", {}).setdefault(one.setting.get(VOICES, ""), []).append(one)
    found = {}
    for tutor, voices in grouped.items():
        names = sorted(voices)
        for place, first in enumerate(names):
            for second in names[place + 1 :]:
                if gap := difference(voices[first], voices[second]):
                    found[f"{tutor}\0{first}\0{second}"] = (gap, voices[first], voices[second])
    adjusted = holm({key: gap.p for key, (gap, _, _) in found.items()})
    sentences, level = [], []
    for key, (gap, some, others) in found.items():
        tutor, first, second = key.split("\0")
        ahead, behind = (first, second) if gap.value > 0 else (second, first)
        if adjusted[key] < LEVEL:
            sentences.append(
                f"{tutor} makes more sense after {voices_in_words(ahead)} dialogues than after {voices_in_words(behind)} ones, by "
                f"{abs(gap.value) * 100:.0f} points ({_points(gap)}, p {number(max(adjusted[key], 0.001), 3)}{_by(some[0])}; means of "
                f"{len(some)} and {len(others)} seeds)."
            )
        else:
            level.append(f"{tutor} after {voices_in_words(first)} or {voices_in_words(second)} dialogues")
    if level:
        sentences.append(f"No difference in sense is shown for {listed(level)}.")
    return [*sentences, *senses.doubts("Which voices leave more sense")]


def told_rate(tutor: str, settings: str, rows: Sequence[Row]) -> str:
    """Return the learning rate of a run: as it was kept, else as it was asked for."""
    kept = [row.value for row in rows if (row.tutor, row.settings, row.figure) == (tutor, settings, RATE)]
    asked = dict(one.split("=", 1) for one in settings.split("; ") if "=" in one)
    return f"{kept[-1]:g}" if kept else next((value for name, value in asked.items() if RATE in name), "of params.yaml")


def voices_in_words(setting: str) -> str:
    """Return a list of voices as a param has it, `["brisk", "witty"]`, in words."""
    return listed([voice.strip(' "[]') for voice in setting.split(",")]) if setting not in ("", "null") else "all"


def _points(gap: Difference) -> str:
    """Return the interval of a difference in points, with its sign."""
    return f"{number(gap.low * 100, 0)} to {number(gap.high * 100, 0)}" if gap.low is not None and gap.high is not None else between(gap)


def _by(one: Replies) -> str:
    return f", read off the states of {one.reader[:8]}" if one.reader else ""
