"""Evidence: what a run left behind, as the reports read it. What is missing is named, never made up."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from three_tutors.pipeline.records import Record, read_csv, read_json, read_jsonl
from three_tutors.pricing.prices import Model, read_prices
from three_tutors.reporting.kept_program import kept_program, with_kept_program
from three_tutors.reporting.optimisation import Optimisation, read_optimisation
from three_tutors.reporting.run_files import Scores, floors, read_choice, read_scores, reference, seeds, verdicts_of
from three_tutors.reporting.strategies import Pair
from three_tutors.scoring.choice import Choice, choice
from three_tutors.studies.replies import Replies
from three_tutors.studies.replies import read_replies as read_study_replies
from three_tutors.studies.table import FOLDER as FOLDER_OF_STUDIES
from three_tutors.studies.table import Row, data_digest, read_rows
from three_tutors.trust import fitted_sense, sense_figures
from three_tutors.trust.faults import Grading, grading
from three_tutors.trust.fitted_sense import FittedSense
from three_tutors.trust.floor import Floor
from three_tutors.trust.graded import of_moments
from three_tutors.trust.judge_agreement import GRADED, read_kept
from three_tutors.trust.labels import SECOND, Agreement, agreements, read_second_labels
from three_tutors.trust.preferences import PREFERENCES, Preferred, read_preferences, tally
from three_tutors.trust.ratings import RATINGS, Rating, read_ratings
from three_tutors.trust.sense_figures import SenseFigures
from three_tutors.trust.verdicts import AGREEMENT, FOLDER, Verdicts, read_agreement
from three_tutors.tutoring.choosing import exam
from three_tutors.tutoring.dialogue import Dialogue, read_dialogues
from three_tutors.tutoring.methods import PROMPTED, REFERENCE, TUTORS
from three_tutors.tutoring.moment import Moment, read_moments
from three_tutors.tutoring.pairs import Source, rewarded_by
from three_tutors.tutoring.questions import items, played
from three_tutors.tutoring.replies import RecordedReply, read_replies
from three_tutors.tutoring.scenario import Scenario, read_scenarios
from three_tutors.tutoring.splits import Split, read_ledger
from three_tutors.tutoring.words import words

DIALOGUES = Path("data/processed/dialogues.jsonl")
SCENARIOS = Path("data/processed/scenarios.jsonl")
MOMENTS = Path("data/processed/moments/test.jsonl")
EVERY_MOMENT = Path("data/processed/moments.jsonl")
LEDGER = Path("data/raw/splits.csv")
MOMENT_LEDGER = Path("data/raw/moment_splits.csv")
TEST = Path("data/processed/splits/test.jsonl")
ANSWERS = Path("data/processed/answers")
SCORES = Path("data/processed/scores")
COSTS = Path("data/processed/costs.json")
BENCHMARKS = Path("reports/benchmarks.md")
PRICES = Path("data/raw/prices.yaml")
PROGRAM = Path("models") / PROMPTED
METRICS = Path("reports/metrics")
PLOTS = Path("reports/plots")


@dataclass(frozen=True)
class Evidence:
    """Everything the reports are made of."""

    dialogues: Sequence[Dialogue]
    scenarios: Sequence[Scenario]
    """Those that were played."""
    every_scenario: Sequence[Scenario]
    """All that there are."""
    ledger: Mapping[str, Split]
    """Split of each dialogue."""
    test: Sequence[Dialogue]
    """The held-out dialogues, in the order in which the tutors were asked."""
    moments: Sequence[Moment]
    """The exam half of the moments, of which the tutors were asked some."""
    every_moment: Sequence[Moment]
    """Both halves."""
    halves: Mapping[str, Split]
    """Half of each moment."""
    agreed: Sequence[Agreement]
    """How far a second reader agrees with the labels in the dialogues; empty where nobody labelled again."""
    answers: Mapping[str, Mapping[str, RecordedReply]]
    """Tutor → item → answer; the reference answers with the teachers' own turns, at moments with their first ideal reply."""
    choices: Mapping[str, Choice]
    """What each tutor's own model chooses; a tutor whose model tells no likelihoods is not here."""
    scores: Mapping[str, Mapping[str, Scores]]
    """Tutor → item → scores."""
    moves: Mapping[str, Sequence[Pair]]
    """Tutor → the strategies intended and realised at each held-out turn; empty strings where there is none."""
    metrics: Mapping[str, Record]
    """Content of reports/metrics by file name without its ending."""
    plots: Mapping[str, Sequence[Mapping[str, str]]]
    """Rows of the tables in reports/plots by file name without its ending."""
    optimisation: Optimisation | None
    """What DSPy changed; None where it has not run."""
    costs: Record
    """What `estimate_costs` found, with the prompt that DSPy kept in the place of the assumed one; empty where it has not run."""
    prices: Mapping[str, Model]
    """Prices of each listed model; empty where there is no list."""
    preferences: Sequence[Preferred]
    """Whom people preferred when they did not know whose reply they read; empty where nobody was asked."""
    ratings: Sequence[Rating]
    """What people said of replies who did not know whose they were; empty where nobody rated."""
    verdicts: Mapping[str, Verdicts]
    """What a judge said of each tutor's replies; empty where none was asked."""
    judge_agreement: Record
    """How far that judge agrees with people in the four dimensions; empty where it was not measured."""
    judge_graded: Record
    """How far a judge agrees on replies that people graded or rated; empty where it was not measured."""
    fitted: FittedSense | None
    """How sense is read off the base's states, and how well; None where that was not learned."""
    sense_figures: SenseFigures | None
    """How far that reading may be believed on replies that it was not learned from; None where that was not measured on these."""
    sense_stale: str
    """Why figures of it that were kept are not told, in a sentence."""
    floors: Mapping[str, Floor]
    """Score → what bots without a model get in it, over the held-out turns; in `contrast`, over the pairs that tutors were asked."""
    grading: Grading
    """How each score treats the graded replies of the exam."""
    studies: Mapping[str, Sequence[Row]]
    """Rows of the table of each study by its name; those without a row are left out."""
    study_replies: Mapping[str, Sequence[Replies]]
    """What each reply of a study's runs got in figures of sense, by the study's name; those that kept none are left out."""
    seeds: Sequence[Mapping[str, str]]
    """Figures of trainings that differ in their seed alone: `tutor`, `seed`, `score` and `value`; only those made of this data."""
    data: str
    """Digest of the dialogues and moments, as the tables of studies have it."""
    digests: Mapping[str, str]
    """SHA-256 of the files with all dialogues, scenarios and moments and with the splits, by file name."""
    benchmarks: str
    """What `make bench` wrote, which is no part of the pipeline; empty where it was not run."""
    missing: Sequence[str]
    """One sentence for each thing that should be here and is not."""

    @property
    def tutors(self) -> list[str]:
        """The tutors that were asked and scored, in the order of every table, the reference last."""
        return [name for name in (*TUTORS, REFERENCE) if name in self.scores]

    def takes_part(self, tutor: str) -> bool:
        """Return whether a tutor belongs to this run: as every usual one does, and another one that was asked."""
        return TUTORS[tutor].is_usual or tutor in self.answers

    def rewarded(self, tutor: str) -> list[str]:
        """Return the figures that were the reward by which a tutor was trained, so that they measure nothing about it."""
        method = TUTORS.get(tutor)
        if method is None or not method.pairs:
            return []
        learned: Sequence[Source] = self.metrics.get(method.stage, {}).get("sources", method.pairs)
        return rewarded_by(learned)

    def chosen_by(self, tutor: str) -> float | None:
        """Return the figure on the validation dialogues by which a tutor's best candidate or epoch was chosen; None where there is none."""
        value: float | None = self.metrics.get(TUTORS[tutor].stage, {}).get(TUTORS[tutor].chosen_by)
        return value

    def words(self, tutor: str) -> list[int]:
        """Return how many words each of a tutor's replies to the held-out turns has."""
        return [len(words(one.reply)) for one in self.answers.get(tutor, {}).values() if one.kind == "turn"]


def gather(root: Path = Path()) -> Evidence:
    """Read all that the pipeline wrote below `root`.

    A usual tutor without answers or scores, curves, costs or prompts are missing with a sentence; the dialogues must be there.

    Raises:
        DataError: a file is there and is not as its stage writes it.

    """
    missing: list[str] = []
    every_scenario, test, moments = read_scenarios(root / SCENARIOS), read_dialogues(root / TEST), read_moments(root / MOMENTS)
    scenarios = played(every_scenario)
    answers: dict[str, Mapping[str, RecordedReply]] = {REFERENCE: reference(test, moments)}
    choices: dict[str, Choice] = {}
    scores: dict[str, Mapping[str, Scores]] = {}
    moves: dict[str, Sequence[Pair]] = {}
    for name in (*TUTORS, REFERENCE):
        if name in TUTORS:
            path = root / ANSWERS / name / "answers.jsonl"
            if not path.exists():
                if not TUTORS[name].is_usual:
                    continue
                missing.append(f"The tutor {name} was not asked: run `dvc repro answer@{name}`.")
                continue
            answers[name] = {answer.item: answer for answer in read_replies(path, name, items(test, scenarios, moments))}
            if likelihoods := read_choice(path.with_name("choice.jsonl")):
                choices[name] = choice(exam(moments), likelihoods)
        path = root / SCORES / f"{name}.jsonl"
        if path.exists():
            rows = read_jsonl(path)
            scores[name] = read_scores(path, rows, set(answers[name]))
            moves[name] = [(row.get("intended", ""), row.get("realised", "")) for row in rows]
        else:
            missing.append(f"The answers of {name} were not scored: run `dvc repro evaluate@{name}`.")
    verdicts = verdicts_of(root / FOLDER, answers, missing)
    dialogues, ledger = read_dialogues(root / DIALOGUES), read_ledger(root / LEDGER)
    costs = root / COSTS
    if not costs.exists():
        missing.append("Costs were not estimated: run `dvc repro estimate_costs`.")
    optimisation = read_optimisation(root / PROGRAM)
    studies = {path.stem: table for path in sorted((root / FOLDER_OF_STUDIES).glob("*.csv")) if (table := read_rows(path))}
    replies = {name: kept for name in studies if (kept := read_study_replies(root / FOLDER_OF_STUDIES / f"{name}.csv"))}
    data, fitted = data_digest(root), fitted_sense.read(root / fitted_sense.FILE)
    figures = sense_figures.read(root / sense_figures.FILE)
    stale = sense_figures.stale(figures, fitted, sense_figures.rows_of(root)) if figures else ""
    return Evidence(
        dialogues=dialogues,
        scenarios=scenarios,
        every_scenario=every_scenario,
        ledger=ledger,
        test=test,
        moments=moments,
        every_moment=read_moments(root / EVERY_MOMENT),
        halves=read_ledger(root / MOMENT_LEDGER),
        agreed=agreements(read_second_labels(root / SECOND, dialogues)),
        answers=answers,
        choices=choices,
        scores=scores,
        moves=moves,
        metrics={path.stem: read_json(path) for path in sorted((root / METRICS).glob("*.json"))},
        plots={path.stem: read_csv(path) for path in sorted((root / PLOTS).glob("*.csv"))},
        optimisation=optimisation,
        costs=with_kept_program(read_json(costs), kept_program(optimisation, answers)) if costs.exists() else {},
        prices=read_prices(root / PRICES) if (root / PRICES).exists() else {},
        preferences=tally(read_preferences(root / PREFERENCES)),
        ratings=read_ratings(root / RATINGS),
        verdicts=verdicts,
        judge_agreement=read_agreement(root / FOLDER / AGREEMENT),
        judge_graded=read_kept(root / GRADED),
        fitted=fitted,
        sense_figures=None if stale else figures,
        sense_stale=stale,
        floors=floors(test, moments, [one for one in dialogues if ledger.get(one.id) == "train"]),
        grading=grading(of_moments(moments)),
        studies=studies,
        study_replies=replies,
        seeds=seeds([row for row in studies.get("seeds", ()) if row.data == data]),
        data=data,
        digests={
            path.name: hashlib.sha256((root / path).read_bytes()).hexdigest() for path in (DIALOGUES, SCENARIOS, EVERY_MOMENT, LEDGER)
        },
        benchmarks=(root / BENCHMARKS).read_text(encoding="utf-8") if (root / BENCHMARKS).exists() else "",
        missing=missing,
    )
