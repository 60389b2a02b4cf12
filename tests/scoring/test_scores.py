from __future__ import annotations

import importlib
import pkgutil
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from types import CodeType, FrameType

import pytest

from stages.evaluate import evaluate, summary
from tests.copied import copy_code
from three_tutors import scoring
from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.measure import TOPICS, Checked, Measure
from three_tutors.scoring.praise import false_praise
from three_tutors.scoring.questioning import questions
from three_tutors.scoring.replied import Replied, references
from three_tutors.scoring.scores import MEASURES, SCORES, scores
from three_tutors.scoring.strategy_classifier import train
from three_tutors.scoring.uptake import parrots
from three_tutors.tutoring.dialogue import Dialogue
from three_tutors.tutoring.finished_turn import fault


@pytest.fixture
def one(fractions: Dialogue) -> Replied:
    """Return a teacher's reply."""
    return references([fractions])[0]


def test_every_score_that_is_written_has_exactly_one_declaration(fractions: Dialogue) -> None:
    """The rows of `evaluate` hold the declared scores, each once; a declaration that is missing from the list is noticed."""
    row = evaluate(references([fractions]), train([fractions]), [])[0]
    written = [name for name, value in row.items() if isinstance(value, dict)]
    modules = [importlib.import_module(f"{scoring.__name__}.{module.name}") for module in pkgutil.iter_modules(scoring.__path__)]
    declared = {id(value): value for module in modules for value in vars(module).values() if isinstance(value, Measure)}
    assert written == [measure.name for measure in SCORES]
    assert Counter(written) == Counter(measure.name for measure in declared.values())
    assert max(Counter(written).values()) == 1


def test_the_tables_keep_what_belongs_together(one: Replied) -> None:
    """Every score has its place in the tables, ordered by what it is about."""
    assert set(MEASURES) == set(scores(one))
    places = [TOPICS.index(measure.about) for measure in MEASURES.values()]
    assert places == sorted(places)


@pytest.mark.parametrize("measure", SCORES, ids=lambda measure: measure.name)
def test_a_declaration_says_what_a_reader_needs(measure: Measure) -> None:
    """Words end as sentences go on; only a judging score can be met or missed."""
    assert measure.label
    assert measure.question.endswith(("?", "."))
    assert not measure.happens.endswith(".")
    assert not measure.failure or (measure.better != "neither" and measure.digits is None)
    one = measure.checked
    assert one is None or one.low is None or one.high is None or one.low <= one.value <= one.high


def test_figures_of_trust_are_told_with_their_weakness() -> None:
    """A kappa below .4 is called weak; what people were asked is said where it is not the same question."""
    weak = Checked("macro-F1", 0.5, 0.47, 0.54, 1282, "a set", "held out", 0.33)
    assert "Cohen's κ 0.33, weak" in weak.sentence
    assert "weak" not in replace(weak, kappa=0.4).sentence
    assert "[0.47, 0.54] with “tone” (1,282 ratings, a set; held out)" in replace(weak, kappa=None, of="“tone”").sentence


def test_a_score_that_only_tells_bad_writers_from_good_ones_is_not_checked() -> None:
    """Without the two worst writers a kappa below .4 takes the word away; the figures on seen rows and by length stand beside."""
    one = Checked("macro-F1", 0.6, None, None, 1194, "a set", "unseen", 0.45, seen=0.64, within=0.39, by_length=0.3)
    assert (one.holds, replace(one, within=0.4).holds, replace(one, within=None).holds) == (False, True, True)
    assert one.sentence == (
        "macro-F1 0.60; 0.30 by length alone; Cohen's κ 0.45; κ 0.39 without the two worst writers, so it mostly tells bad writers "
        "from good ones (1,194 ratings, a set; unseen; 0.64 on rows that it was made with)"
    )
    assert "mostly tells" not in replace(one, within=0.4).sentence
    unchecked = {"mistake_identification", "mistake_location", "providing_guidance", "actionability"}
    assert {name for name, score in MEASURES.items() if score.checked and not score.is_checked} == unchecked


def test_what_several_scores_need_is_found_once(one: Replied) -> None:
    """The rubric, uptake and the dimensions read the findings that the scores beside them made."""
    calls = Counter[CodeType]()

    def watch(frame: FrameType, event: str, _: object) -> None:
        calls[frame.f_code] += event == "call"

    sys.setprofile(watch)
    try:
        scores(one)
    finally:
        sys.setprofile(None)
    assert [1] * 5 == [calls[find.__code__] for find in (LEAK.of, questions, false_praise, fault, parrots)]


def test_a_silent_tutor_has_the_likelihoods_of_its_model(one: Replied) -> None:
    """What is scored of a reply is unscored without one; what is scored of the model is not."""
    silent = replace(one, reply=" …", likelihoods=[{"nll": 2.5, "tokens": 9}])
    assert {"nll"} == {name for name, score in scores(silent).items() if score.value is not None}


def test_metrics_keep_the_means_that_their_declarations_ask_for(fractions: Dialogue) -> None:
    """A score without a value in any row is left out; the others are those with `in_metrics`."""
    rows = evaluate(references([fractions]), train([fractions]), [])
    kept = {measure.name for measure in SCORES if measure.in_metrics and any("value" in row[measure.name] for row in rows)}
    assert set(summary(rows)) == {"answers", "no_reply", *kept}


EXCLAIMS = '''
"""Exclamation: does a reply shout?"""

from three_tutors.scoring.leak import LEAK
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.score import Score

EXCLAIMS = Measure(
    name="exclaims",
    label="Shouts",
    question="Does it end in an exclamation mark?",
    happens="Replies are shouted",
    of=lambda one: Score(float(one.reply.endswith("!")), "ends so"),
    about="the text",
    better="lower",
    in_metrics=True,
    failure="Shouted replies",
)
'''
REPORT = """
from pathlib import Path
from stages.evaluate import summary
from tests import small_run
from three_tutors.pipeline.records import read_jsonl, write_json
from three_tutors.reporting.comparison import shared_values
from three_tutors.reporting.evidence import gather
from three_tutors.reporting.exam import exam_of
from three_tutors.reporting.index_page import index_page
from three_tutors.reporting.provenance import provenance
from three_tutors.reporting.scorecard import findings_of

root = small_run.write_run(Path("run"))
for path in (root / "data/processed/scores").glob("*.jsonl"):
    write_json(root / "reports/metrics" / path.with_suffix(".json").name, summary(read_jsonl(path)))
evidence = gather(root)
made = provenance(evidence, root / "params.yaml", {})
findings = findings_of(evidence)
shared = shared_values(evidence, findings, exam_of(evidence), made, 0.05)
page = index_page(evidence, findings, shared, [], made, documents={}, most_conversations=9)
print(evidence.metrics["lora"]["exclaims"], *(words in page for words in ("Shouts ↓", "Shouted replies")))
"""


@pytest.mark.slow(5)
def test_a_new_score_is_one_module_and_its_place_in_the_list(tmp_path: Path) -> None:
    """With nothing else edited it is in the rows, the metrics, the scorecard and the turns of the scripted students."""
    copy_code(tmp_path, "stages", "three_tutors", "tests")
    (tmp_path / "three_tutors/scoring/exclaims.py").write_text(EXCLAIMS, encoding="utf-8")
    listed = tmp_path / "three_tutors/scoring/scores.py"
    text = listed.read_text(encoding="utf-8").replace("    expectations,\n", "    exclaims,\n    expectations,\n", 1)
    listed.write_text(text.replace("    context.SURPRISE,\n", "    context.SURPRISE,\n    exclaims.EXCLAIMS,\n", 1), encoding="utf-8")
    told = subprocess.run([sys.executable, "-c", REPORT], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (told.stdout, told.stderr) == ("0.0 True True\n", "")
