from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import small_run
from tests.language_model.conftest import embedded, tiny  # noqa: F401 - fixtures
from three_tutors.pipeline.diagnostics import ParamsError
from three_tutors.pipeline.records import read_json, write_jsonl
from three_tutors.trust import judge as command
from three_tutors.trust import judge_agreement
from three_tutors.trust import sense as learning
from three_tutors.trust.fitted_sense import FILE
from three_tutors.trust.local_judge import folder_of
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.moment import GradedReply, Moment, Side

PARAMS = "judge: {{enabled: true, base_url: local, model: {model}, key: JUDGE_API_KEY, most_calls: 5}}\n"


def test_a_model_on_this_machine_judges_and_says_how_far_it_agrees(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny: Path,  # noqa: F811
) -> None:
    """Fitted to training moments, held against graded replies: AUC by kind, tokens and seconds are kept; nothing is paid for."""
    replies = (
        ("ideal", "Which is bigger, a half or a third?"),
        ("template", "Tell me more about it."),
        ("fluent_nonsense", "Eat the sum."),
    )
    lesson = small_run.dialogues(1)[0].lesson
    moments = [
        Moment(
            f"moment-{number}",
            lesson,
            (
                Side(
                    (Turn("student", f"I got {number}.", understanding="wrong"),),
                    tuple(GradedReply(said, kind, "shown") for kind, said in replies),
                ),
            ),  # type: ignore[arg-type]
        )
        for number in range(6)
    ]
    graded = [
        {"group": "a", "history": [{"role": "student", "content": "I got 9."}], "reply": said, "kind": kind, "grade": 3 * (kind == "ideal")}
        for kind, said in replies
    ]
    monkeypatch.chdir(tmp_path)
    (tmp_path / "params.yaml").write_text(PARAMS.format(model=tiny), encoding="utf-8")
    write_jsonl(learning.LEARNED, (moment.to_record() for moment in moments))
    write_jsonl(Path("graded.jsonl"), graded)
    for run, arguments in ((learning.main, ["--model", str(tiny)]), (command.main, ["--graded", "graded.jsonl"])):
        monkeypatch.setattr("sys.argv", ["judge", *arguments])
        run()
    found = judge_agreement.read_kept()
    sense = found["files"]["graded.jsonl"]["qualities"]["sense"]
    assert ({"template", "fluent_nonsense"}, 0) == (set(sense["auc"]), sense["unscored"])
    assert found["files"]["graded.jsonl"]["tokens"] > 0
    assert (64, {"fluent_nonsense", "template", "shuffled", "other_moment"}) == (
        len(read_json(FILE)["weights"]),
        set(read_json(FILE)["auc"]),
    )
    assert found["judge"].startswith("base@"), json.dumps(found)


def test_a_model_that_is_not_there_is_named() -> None:
    """Neither folder nor file."""
    with pytest.raises(ParamsError, match="no folder or GGUF file nowhere"):
        folder_of("nowhere")
