"""Sentences that compare: each has figures for which it stands there, and figures for which it must not.

Those of the Markdown templates have their figures here. Those that a module or a page of the report writes have a test of their own, which
`WRITTEN` names. A sentence that compares and is in no list below fails: write its figures, or say why it needs none.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests import small_run
from tests.conftest import ROOT
from tests.reporting.test_studies import row
from three_tutors.pipeline.records import Record, write_json
from three_tutors.reporting import comparison
from three_tutors.reporting.comparison import Setting, shared_values, texts
from three_tutors.reporting.evidence import Evidence, gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.findings import Cell, Findings
from three_tutors.reporting.pages import TEMPLATES
from three_tutors.reporting.provenance import Provenance
from three_tutors.reporting.scorecard import findings_of
from three_tutors.scoring.statistics import Difference, Interval
from three_tutors.trust.floor import Floor

MADE = Provenance({}, "", "a model", {}, {}, {"processor cores": "2", "memory": "8 GiB"}, [])
Change = Callable[[Evidence, Findings], tuple[Evidence, Findings]]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Evidence:
    """Return a small run whose lora was trained, and kept an epoch."""
    root = small_run.write_run(tmp_path_factory.mktemp("run"))
    trained: Record = {"best_epoch": 1, "epochs": 1, "stopped_early": False, "valid_loss": 2.0, "valid_loss_before": 3.0}
    write_json(root / "reports/metrics/train_lora.json", trained)
    return gather(root)


def judged(score: str, verdict: Any, *, tricked: bool = False) -> Change:
    """Return a change that gives lora a verdict in one score."""

    def change(evidence: Evidence, findings: Findings) -> tuple[Evidence, Findings]:
        mean = Interval(0.5, 0.4, 0.6)
        cells = {
            "baseline": {score: Cell(mean, 9, 0)},
            "lora": {score: Cell(mean, 9, 0, Difference(0.1, 0, 0.2, 0, 0), verdict)},
        }
        floors = {score: Floor(score, 0.9, 0.8, "echo", "So.", 0.1, tells=not tricked)}
        return evidence, replace(findings, cells=cells, floors=floors)

    return change


def said(words: int) -> Change:
    """Return a change after which every reply of lora has so many words."""

    def change(evidence: Evidence, findings: Findings) -> tuple[Evidence, Findings]:
        answers = {item: replace(one, reply="word " * words) for item, one in evidence.answers["lora"].items()}
        others = {name: of for name, of in evidence.answers.items() if name == "reference"}
        return replace(evidence, answers={**others, "lora": answers}), findings

    return change


def losses(*values: float) -> Change:
    """Return a change after which lora's validation loss took this course."""

    def change(evidence: Evidence, findings: Findings) -> tuple[Evidence, Findings]:
        rows = [{"step": str(step), "train_loss": "", "valid_loss": str(value)} for step, value in enumerate(values)]
        return replace(evidence, plots={"lora_curve": rows}), findings

    return change


def stopped(early: bool) -> Change:
    """Return a change after which lora's training stopped early, or did not."""

    def change(evidence: Evidence, findings: Findings) -> tuple[Evidence, Findings]:
        trained = {**evidence.metrics["train_lora"], "stopped_early": early}
        return replace(evidence, metrics={**evidence.metrics, "train_lora": trained}), findings

    return change


def moves(used: int) -> Change:
    """Return a change after which lora makes so many different moves, and the teachers two."""

    def change(evidence: Evidence, findings: Findings) -> tuple[Evidence, Findings]:
        names = ("scaffolding", "encouragement")
        teachers, lora = [(name, name) for name in names], [(name, names[number % used]) for number, name in enumerate(names)]
        return replace(evidence, moves={"lora": lora, "reference": teachers}), findings

    return change


def prompt(after: int) -> Change:
    """Return a change after which the kept prompt has so many tokens and the plain one a hundred."""

    def change(evidence: Evidence, findings: Findings) -> tuple[Evidence, Findings]:
        assert evidence.optimisation is not None
        return replace(evidence, optimisation=replace(evidence.optimisation, tokens_before=100, tokens_after=after)), findings

    return change


CASES: Mapping[str, tuple[str, Change, Change]] = {
    "more than half as long again as the teachers'": ("comparison.md", said(60), said(15)),
    "less than they surprise the untrained one": ("comparison.md", judged("nll", "better"), judged("nll", "no difference shown")),
    "fewer moves than the teachers": ("comparison.md", moves(1), moves(2)),
    "times as long": ("comparison.md", prompt(200), prompt(100)),
    "ended above its lowest point": ("comparison.md", losses(3, 2, 2.5), losses(3, 2, 2.01)),
    "because later epochs were worse": ("comparison.md", stopped(early=True), stopped(early=False)),
    "so more often than the untrained model": ("reflection.md", judged("leak", "better"), judged("leak", "better", tricked=True)),
    "Holding back can be learned": ("reflection.md", judged("leak", "better"), judged("leak", "no difference shown")),
}
"""Phrase → the text it may stand in, figures for which it does, and figures for which it must not."""

GENERAL = (
    "**Say less.**",
    "**Keep less.**",
    "it finds the preferred reply likelier in",  # how often, in figures; tests/reporting/test_further_tutor.py
    "needs a score that can be trusted more than it needs data",  # how a method works
    "A longer prompt is paid with every reply",
    "every reply pays for the longer prompt",
    "from how many conversations on one is cheaper than another",
    "a bigger base model",
    "a larger open model",
    "better language",
    "How the methods compare on a larger model was not measured",  # gone where a study of bases is: the last test
    "It is shown to be better than the untrained model",  # tests/reporting/test_decision.py
    "feels helped and learns less",
    "Go on to more classes only if",
    "needs a faster machine or fewer students",  # behind a figure of seconds; tests/test_report.py
    "students do at least as well without help as before",
    "the least of what a teacher does",
    "and saw one in",  # how often a detector errs, in figures
)
"""Sentences that compare no figures of a run, or are tested elsewhere."""
WRITTEN: Mapping[str, str] = {
    "as long as the plain one": "reporting/test_kept_program.py::test_the_sentence_follows_the_figures",
    "times as long": "reporting/test_kept_program.py::test_the_sentence_follows_the_figures",
    "It is not shown to be better": "reporting/test_decision.py::test_teaching_has_to_be_shown_and_to_be_better_than_before",
    "with that score, which favours": "reporting/test_optimisation.py::test_a_tutor_that_was_chosen_by_a_score_is_favoured_in_it_alone",
    "so the search favours": "reporting/test_tries.py::test_the_text_says_whom_the_search_favours",
    "may come from the search": "reporting/test_tries.py::test_the_text_says_whom_the_search_favours",
    "no better than the rule's": "reporting/test_study_rates.py::test_the_rule_is_held_against_what_was_tried",
    "More dialogues": "reporting/test_studies.py::test_a_trend_is_told_only_where_it_is_shown",
    "does not turn": "reporting/test_studies.py::test_seeds_compare_where_no_training_overlaps",
    "nats above it": "reporting/test_studies.py::test_a_search_names_the_lowest_and_the_chosen_setting",
    "Whether tuning cost sense": "reporting/test_study_rates.py::test_a_figure_that_misses_its_aims_says_nothing",
    "more often than chance and than the untrained model": "reporting/test_verdict.py::test_what_is_shown_turns_the_headline_round",
    "more often than the untrained one": "reporting/test_verdict.py::test_what_the_untrained_model_can_do_is_no_teaching",
    "clearly more often than chance": "reporting/test_verdict.py::test_only_what_was_measured_is_a_reason",
    "is ahead of": "reporting/test_verdict.py::test_a_difference_is_told_only_where_it_is_shown",
    "so contrast shows nothing in this run": "reporting/test_verdict.py::test_teachers_and_best_bot_stand_beside_contrast",
    "They say nothing about teaching": "reporting/test_verdict.py::test_scores_that_a_trick_gets_are_named_and_compare_nobody",
    "gets more than half of what the teachers get": "test_report.py::test_tricked_scores_have_a_part_of_their_own",
    "a tutor has a better value": "reporting/test_teachers.py::test_the_page_names_tutors_above_the_teachers_or_says_that_none_is",
    "No tutor has a better value": "reporting/test_teachers.py::test_the_page_names_tutors_above_the_teachers_or_says_that_none_is",
    "it was better than the plain prompt on": "reporting/test_optimisation.py::test_validation_turns_are_counted_by_standing",
    "cheapest": "reporting/test_first_screen.py::test_cheapest_is_whoever_pays_least_a_month_and_nobody_whose_model_is_gone",
    "he advises against any conclusion": "reporting/test_ratings.py::test_raters_who_do_not_agree_are_named_and_those_who_do_are_not",
}
"""Phrase of a module or of a page → the test that has figures for which it must not appear."""
EXPLAINING = (
    "likelier where they belong than exchanged",  # what matching is, with each tutor's figure
    "an ideal reply likelier than a faulty one",  # what ranking is
    "becomes likelier than the other",  # how a method works
    "Pairs of replies of which one is better",
    "carries the longer prompt",
    "says whether a difference is more than chance",
    "(less is better)",
    "words or fewer",
    "did tuning cost sense?",
    "what would make it cheaper?",
    "puts an ideal reply before one with a fault",
    "a larger model pays its prices",
    "searches for a better prompt",
    "a better score counted as higher",
    "higher is better, ↓ lower is better",
    "is better or worse than the untrained model in this score",  # what a cell holds
    "“better” or “worse” than the untrained model",
    "“Better” and “worse” speak of the score",
    "an ideal reply scores better than one of this kind",  # what a cell says
    "Bots reply without a model",
)
"""Sentences of modules and pages that compare no figures of a run."""
COMPARING = re.compile(
    r"\b(?:better|worse|higher|lower|fewer|larger|bigger|faster|(?<!no )longer|shorter|cheaper|cheapest|dearer|likelier|less|as long)\b"
    r"|\b(?:ahead|favours|helped|hurt|cost sense)\b|\bmore (?:often|than|classes)\b"
)


def made(run: Evidence, change: Change) -> dict[str, str]:
    """Return the texts on a run after a change."""
    evidence, findings = change(run, findings_of(run))
    return texts(evidence, findings, shared_values(evidence, findings, exam_of(evidence), MADE, 0.05), [], MADE, setting=Setting(25, 0.05))


@pytest.mark.parametrize("phrase", CASES)
def test_a_comparing_sentence_has_figures_for_which_it_must_not_appear(run: Evidence, phrase: str) -> None:
    """It stands there with its figures and is gone without them."""
    name, holds, fails = CASES[phrase]
    assert phrase in made(run, holds)[name]
    assert phrase not in made(run, fails)[name]


@pytest.mark.parametrize("path", sorted(TEMPLATES.glob("*.md.jinja")), ids=lambda path: path.name)
def test_every_comparing_sentence_is_known(path: Path) -> None:
    """A sentence that compares is among the tested phrases or among the general ones; money and data have tests of their own."""
    if path.name in ("cost_benefit.md.jinja", "data_card.md.jinja"):
        pytest.skip("tests/reporting/test_cost_benefit.py and test_data_card.py")
    prose = re.sub(r"\{[{%#].*?[}%#]\}", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
    found = [" ".join(sentence.split()) for sentence in re.split(r"(?<=[.?!:;|])\s", prose) if COMPARING.search(sentence)]
    known = [*CASES, *GENERAL]
    assert [sentence for sentence in found if not any(phrase in sentence or sentence in phrase for phrase in known)] == []


def literals(path: Path) -> list[str]:
    """Return the texts in a module that could be sentences; those of an f-string as one."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values}
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            found.append("".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said | inside:
            found.append(node.value)
    return [text for text in found if " " in text.strip()]


@pytest.mark.parametrize(
    "path",
    [*sorted(Path(comparison.__file__).parent.glob("*.py")), *sorted(TEMPLATES.glob("*.html.jinja"))],
    ids=lambda path: path.name,
)
def test_every_comparing_sentence_of_modules_and_pages_has_a_test(path: Path) -> None:
    """What a module or a page says in comparison is named above, with the test that has figures for which it must not appear."""
    if path.suffix == ".py":
        found = literals(path)
    else:
        prose = re.sub(r"\{[{%#].*?[}%#]\}|<[^>]*>", " ", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        found = [" ".join(sentence.split()) for sentence in re.split(r"(?<=[.?!:;|])\s", prose)]
    known = [*WRITTEN, *EXPLAINING]
    assert [text for text in found if COMPARING.search(text) and not any(phrase in text for phrase in known)] == []


@pytest.mark.parametrize("named", sorted(set(WRITTEN.values())))
def test_the_named_tests_are_there(named: str) -> None:
    """A test that was renamed or removed tests no sentence."""
    name, _, test = named.partition("::")
    assert f"def {test}(" in (ROOT / "tests" / name).read_text(encoding="utf-8")


def test_what_a_study_of_bases_measured_is_not_called_unmeasured(run: Evidence) -> None:
    """With the study the sentences are gone that say no other base was tried."""
    gone = ("on a larger model was not measured", "What another base model would do")
    with_study = replace(run, studies={**run.studies, "bases": [row("lora", "base_model.name=larger", 0.5)]})
    texts_of = [made(one, lambda evidence, findings: (evidence, findings))["comparison.md"] for one in (run, with_study)]
    assert [[phrase in text for phrase in gone] for text in texts_of] == [[True, True], [False, False]]
