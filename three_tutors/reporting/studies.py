"""The studies as reports/studies.md shows them: a picture and a table of the runs, and what they show and do not show in sentences."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import mean
from typing import Any

from three_tutors.reporting.evidence import Evidence
from three_tutors.reporting.figures import Figure
from three_tutors.reporting.pages import count, number, plain
from three_tutors.reporting.study_pictures import picture
from three_tutors.reporting.study_rates import of_rates
from three_tutors.reporting.study_sense import VOICES, Senses, of_cost, of_voices_sense, voices_in_words
from three_tutors.reporting.study_sentences import Values, of_bases, of_pairs, of_search, of_seeds, of_settings, of_sizes, setting_of, told
from three_tutors.reporting.tries import SEARCH
from three_tutors.studies.definition import SOURCE
from three_tutors.studies.table import RATE, READ, SENSE, Row, last_of_each
from three_tutors.trust.fitted_sense import AIMS, FittedSense
from three_tutors.tutoring.methods import TUTORS

SEEDS, SIZES, BASES, RATES, VOICE, PAIRS = "seeds", "data_size", "bases", "rates", "voices", "preference"
QUESTIONS: Mapping[str, str] = {
    SEEDS: "What does training again change?",
    SIZES: "How many dialogues are worth writing?",
    BASES: "Does the order of the methods hold on other base models?",
    PAIRS: "What does learning from pairs of replies add?",
    SEARCH: "Which settings learn best?",
    RATES: "Is the learning rate right for the base, and did tuning cost sense?",
    VOICE: "Do plain or terse teachers leave more sense?",
}
NOT_ALONE = (
    "Voices were not dealt to situations by lot: plain dialogues also tell of harder students, so a difference may come from what is told "
    "and not from how."
)
UNREAD = Senses((), {})
SENTENCES = {SEEDS: of_seeds, SIZES: of_sizes, BASES: of_bases, PAIRS: of_pairs}
CONCLUDES = ("Training again does not", "More dialogues", "No effect of", "By ")
"""How the sentences begin that the comparison tells of a study made with the same dialogues."""
SIZE = "render.dialogues"
ALL = "null"


@dataclass(frozen=True)
class Studied:
    """One study as it is shown."""

    name: str
    question: str
    sentences: Sequence[str]
    notes: Sequence[str]
    """How far the runs can be compared, with each other and with this report."""
    pictures: Sequence[Figure]
    figures: Sequence[str]
    """Columns of the table."""
    table: Sequence[tuple[str, str, Mapping[str, str], str]]
    """Tutor, setting, each figure as it is printed (the mean of several seeds), and seconds of a training."""
    conclusions: Sequence[str] = ()
    """What the comparison tells of it; nothing where its runs had other dialogues or moments."""


def studied(name: str, rows: Sequence[Row], *, data: str, train: int, sections: Mapping[str, Any], senses: Senses = UNREAD) -> Studied:
    """Return what a study shows.

    Args:
        name: of the study.
        rows: of its table; at least one.
        data: digest of the dialogues and moments of this report.
        train: training dialogues of this report, which is what all of them are.
        sections: of params.yaml, by name.
        senses: of its runs' replies.

    """
    kept = comparable(rows)
    senses = _of(kept, senses)
    grouped = {figure: _grouped(name, kept, figure, train) for figure in dict.fromkeys(row.figure for row in kept)}
    drawn = {figure: values for figure, values in grouped.items() if figure != RATE}
    sentences = of_search(kept, sections) if name == SEARCH else SENTENCES.get(name, of_settings)(drawn)
    if name == RATES:
        sentences = [*of_rates(kept), *of_cost(senses, kept)]
    elif name == VOICE:
        sentences = [*sentences, *of_voices_sense(senses), NOT_ALONE]
    taken = _grouped(name, [row for row in kept if row.seconds], "", train)
    cells = list(dict.fromkeys((tutor, setting) for of in grouped.values() for tutor, some in of.items() for setting in some))
    return Studied(
        name,
        QUESTIONS.get(name, plain(name)),
        sentences,
        _notes(rows, kept, data),
        [picture(name, figure, values) for figure, values in drawn.items()],
        list(grouped),
        [
            (
                tutor,
                setting,
                {
                    figure: told(figure, mean(values[tutor][setting]))
                    for figure, values in grouped.items()
                    if setting in values.get(tutor, {})
                },
                number(mean(taken[tutor][setting]), 0) if setting in taken.get(tutor, {}) else "–",
            )
            for tutor, setting in cells
        ],
        [sentence for sentence in sentences if sentence.startswith(CONCLUDES)] if kept[-1].data == data else (),
    )


def studies_of(evidence: Evidence, sections: Mapping[str, Any]) -> list[Studied]:
    """Return every study of which there are runs; `sections` are those of params.yaml."""
    train = [*evidence.ledger.values()].count("train")
    known = _with_rates(sections, evidence.metrics)
    found = []
    for name, rows in evidence.studies.items():
        runs = evidence.study_replies.get(name, ())
        senses = Senses(runs, _short(evidence.fitted, {one.reader for one in runs if one.reader}))
        found.append(studied(name, rows, data=evidence.data, train=train, sections=known, senses=senses))
    return found


def _short(fitted: FittedSense | None, readers: Collection[str]) -> dict[str, list[str]]:
    """Return which aims each figure of sense misses; all of them where that was not measured, or for another model than the `readers`."""
    if fitted is None:
        return {READ: [*AIMS], SENSE: [*AIMS]}
    return {READ: [*fitted.short] if {*readers} <= {fitted.model} else [*AIMS], SENSE: [*fitted.short_by_rules]}


def _of(kept: Sequence[Row], senses: Senses) -> Senses:
    """Return the replies of the runs that are shown."""
    shown = {(row.tutor, row.settings, row.data, row.params) for row in kept}
    return Senses([one for one in senses.runs if (one.tutor, one.settings, one.data, one.params) in shown], senses.short)


def _with_rates(sections: Mapping[str, Any], metrics: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sections with the learning rate that this run was trained with in the place of `auto`."""
    found = dict(sections)
    for tutor, method in TUTORS.items():
        rate = metrics.get(method.stage, {}).get(RATE)
        if rate is not None and (sections.get(tutor) or {}).get(RATE) == "auto":
            found[tutor] = {**sections[tutor], RATE: rate}
    return found


def comparable(rows: Sequence[Row]) -> list[Row]:
    """Return the last run of each setting with the data of the last row and, for each tutor, its last other settings."""
    params = {row.tutor: row.params for row in rows if row.data == rows[-1].data}
    return [row for row in last_of_each(rows) if row.data == rows[-1].data and row.params == params[row.tutor]]


def _grouped(name: str, rows: Sequence[Row], figure: str, train: int) -> Values:
    """Return the values of a figure, or the seconds where none is named, by tutor and by setting without the seed."""
    found: dict[str, dict[str, list[float]]] = {tutor: {} for tutor in TUTORS if any(row.tutor == tutor for row in rows)}
    for row in rows:
        if figure in ("", row.figure):
            value = row.value if figure else float(row.seconds)
            found[row.tutor].setdefault(_said(name, row, train), []).append(value)
    return {tutor: of for tutor, of in found.items() if of}


def _said(name: str, row: Row, train: int) -> str:
    """Return what tells the settings of a study apart, in words."""
    if name == SIZES and (size := row.setting.get(SIZE)):
        return str(train) if size == ALL else size
    if name == VOICE and (voices := row.setting.get(VOICES)):
        return f"{row.base}, {voices_in_words(voices)}" if SOURCE in row.setting else voices_in_words(voices)
    return row.base if name == BASES else setting_of(row)


def _notes(rows: Sequence[Row], kept: Sequence[Row], data: str) -> list[str]:
    notes = []
    if kept[-1].data != data:
        notes.append("These runs had other dialogues or moments than this report.")
    if hidden := len(rows) - len(kept):
        notes.append(
            f"{count(hidden, 'row')} of other data, other settings or an earlier repetition {'is' if hidden == 1 else 'are'} not shown."
        )
    if (codes := len({row.code for row in kept})) > 1:
        notes.append(f"The runs were made by {codes} versions of the code.")
    if (processors := len({row.processor for row in kept})) > 1:
        notes.append(f"They ran on {processors} kinds of processors, which round differently.")
    return notes
