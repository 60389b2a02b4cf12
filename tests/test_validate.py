from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stages.validate import Params, validate
from tests.conftest import ROOT
from tests.written import DIALOGUE, MOMENT, OTHER, PAIR, SCENARIO, dialogue, verdict, write
from three_tutors.checking.gate import check
from three_tutors.checking.inspecting import Limits
from three_tutors.pipeline.params import read
from three_tutors.tutoring.dialogue import read_dialogues
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.scenario import read_scenarios
from three_tutors.tutoring.splits import read_ledger

OUTPUTS = (
    "data/processed/dialogues.jsonl",
    "data/processed/scenarios.jsonl",
    "data/processed/moments.jsonl",
    "reports/metrics/data.json",
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a folder with params and a data set of one dialogue, one scenario, one moment and one pair."""
    shutil.copy(ROOT / "params.yaml", tmp_path)
    write(tmp_path / "data/raw", DIALOGUE)
    for one in (SCENARIO, MOMENT, PAIR):
        write(tmp_path / "data/raw", one)
    return tmp_path


def run(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the stage in `project` as DVC and people do."""
    command = [sys.executable, "-m", "stages.validate", *arguments]
    return subprocess.run(command, cwd=project, env={"PYTHONPATH": str(ROOT)}, capture_output=True, text=True, check=False)


def outputs(project: Path) -> dict[str, bytes]:
    """Return the outputs that exist."""
    return {name: (project / name).read_bytes() for name in OUTPUTS if (project / name).exists()}


def test_the_stage_gathers_the_data_set(project: Path) -> None:
    """Dialogues, scenarios and moments come back from the processed files; running again gives the same bytes."""
    assert run(project).stdout == "validate: 1 dialogue, 1 scenario and 2 moments: 0 errors, 0 warnings\n"
    [read] = read_dialogues(project / OUTPUTS[0])
    assert (read.id, read.lesson.answer, read.turns[0].text) == (DIALOGUE["id"], ("5/6",), DIALOGUE["turns"][0]["student"])
    assert read.source == "data/raw/dialogues/mathematics/adding-unlike-fractions.yaml"
    assert read_scenarios(project / OUTPUTS[1])[0].turns[0].expect.mentions == ("resist",)
    assert [(one.id, len(one.sides), len(one.replies)) for one in read_moments(project / OUTPUTS[2])] == [
        (MOMENT["id"], 1, 3),
        (PAIR["id"], 2, 4),
    ]
    before = outputs(project)
    run(project)
    assert outputs(project) == before


def test_an_error_stops_the_stage_and_leaves_earlier_outputs(project: Path) -> None:
    """Every problem is printed with its place, the status is 1, and what an earlier run made stays as it was."""
    run(project)
    before = outputs(project)
    write(project / "data/raw", dialogue(id="two", grade=99, topic=""))
    stopped = run(project)
    assert stopped.returncode == 1
    assert [line.split(" ")[:2] for line in stopped.stdout.splitlines() if " E1" in line] == [
        ["data/raw/dialogues/mathematics/two.yaml:4:8:", "E105"],
        ["data/raw/dialogues/mathematics/two.yaml:5:8:", "E106"],
    ]
    assert stopped.stderr.endswith("Nothing was written; what an earlier run made stays.\n")
    assert outputs(project) == before


def test_paths_are_checked_and_nothing_is_written(project: Path) -> None:
    """With arguments the gate only speaks: about these files, in the format asked for."""
    write(project / "elsewhere", dialogue(id="two", grade=99))
    checked = run(project, "elsewhere", "--format", "json")
    assert checked.returncode == 1
    assert [(row["path"], row["code"]) for row in json.loads(checked.stdout)] == [("elsewhere/dialogues/mathematics/two.yaml", "E105")]
    assert outputs(project) == {}


def test_a_warning_is_counted_and_stops_nothing(project: Path) -> None:
    """A warning is printed and counted in the metrics, and the outputs are written."""
    asked_twice = {"teacher": "So it takes up more space? And does it get heavier?", "strategy": "check_understanding"}
    write(project / "data/raw", OTHER | {"turns": [*OTHER["turns"][:5], asked_twice]})
    done = run(project, "--format", "github")
    assert done.returncode == 0
    assert done.stdout.startswith("::warning file=data/raw/dialogues/mathematics/why-ice-floats.yaml,line=15,col=17,title=W203 several")
    assert json.loads((project / OUTPUTS[3]).read_text(encoding="utf-8"))["warnings"] == {"W203": 1}


def test_the_gate_needs_no_model_library() -> None:
    """Who only writes dialogues waits for no torch, dspy, transformers or openai."""
    code = "import stages.validate, sys; print({'torch', 'dspy', 'transformers', 'openai', 'datasets', 'polars'} & set(sys.modules))"
    loaded = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert loaded == "set()\n"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("max_turns: many", "params.yaml:7: validate.max_turns: input should be a valid integer"),
        ("max_turns: 16\n  max_turn: 16", "params.yaml:8: validate.max_turn: is not a known key"),
    ],
)
def test_bad_params_are_told_with_their_line(change: str, message: str, project: Path) -> None:
    """A wrong type and an unknown key stop the stage with one sentence."""
    params = (project / "params.yaml").read_text(encoding="utf-8").splitlines()
    line = next(index for index, text in enumerate(params) if text.startswith("  max_turns:"))
    params[line] = f"  {change}"
    (project / "params.yaml").write_text("\n".join(params), encoding="utf-8")
    assert message.split(":", 2)[2] in run(project).stderr


def test_no_dialogues_at_all_is_an_error(project: Path) -> None:
    """An empty data set is a mistake, not a success."""
    shutil.rmtree(project / "data/raw/dialogues")
    stopped = run(project)
    assert (stopped.returncode, stopped.stderr) == (1, "error: data/raw/dialogues is missing; restore it from Git.\n")


def test_a_project_without_moments_is_whole(project: Path) -> None:
    """Who brings dialogues alone gets an empty file of moments, which the stages after this one read."""
    shutil.rmtree(project / "data/raw/moments")
    (project / "data/raw/moments").mkdir()
    (project / "data/raw/moments/.gitkeep").touch()
    assert run(project).stdout == "validate: 1 dialogue and 1 scenario: 0 errors, 0 warnings\n"
    assert read_moments(project / OUTPUTS[2]) == []


def test_the_summary_says_what_is_too_few(tmp_path: Path) -> None:
    """Counts by label and subject, and for each that is small, which conclusion it does not carry."""
    made = validate(verdict(tmp_path, DIALOGUE, SCENARIO, MOMENT, PAIR).tally, {})
    assert (made["dialogues"], made["student_turns"], made["teacher_turns"], made["scenario_turns"]) == (1, 3, 3, 1)
    assert (made["moments"], made["graded_replies"]) == (2, 7)
    assert made["strategies"]["socratic_questioning"] == 1
    assert made["unlabelled"] == {"student_turns": 0, "teacher_turns": 0}
    assert made["too_few"][0] == "1 teacher turns of socratic_questioning: too few to say how a tutor handles it (from 60 on)."
    assert made["too_few"][-1] == "1 dialogues in mathematics: too few to compare tutors within the subject (from 8 on)."


def test_the_data_set_has_no_findings(root: Path) -> None:
    """The project's own dialogues, scenarios and moments pass their gate without an error, and warned of rare labels alone."""
    settings = read("validate", Params, root / "params.yaml")
    limits = Limits(max_turns=settings.max_turns, max_words=settings.max_words, near_duplicate=settings.near_duplicate)
    dealt = {**read_ledger(root / "data/raw/splits.csv"), **read_ledger(root / "data/raw/moment_splits.csv")}
    checked = check([root / "data/raw"], limits, dealt)
    # Two strategies are rarer than half of an even share: true of these lessons, and the gate says so.
    assert [str(problem) for problem in checked.problems if problem.code != "W305"] == []
    assert (len(checked.dialogues) >= 120, len(checked.scenarios) >= 40) == (True, True)
