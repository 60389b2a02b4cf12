from __future__ import annotations

import json
from pathlib import Path

import pytest
from transformers import AutoConfig

from tests import small_run
from tests.language_model.conftest import embedded, tiny  # noqa: F401 - fixtures
from three_tutors.language_model.shortened import layers_of, shortened
from three_tutors.pipeline.diagnostics import DataError, TutorError
from three_tutors.pipeline.records import read_jsonl, write_jsonl
from three_tutors.scoring.replied import Replied
from three_tutors.trust import fitted_sense, grading, sense, sense_figures
from three_tutors.trust.reply_states import ReplyStates
from three_tutors.tutoring.dialogue import Turn

RAW = Path(__file__).parents[2] / "data" / "raw"
LESSON = small_run.dialogues(1)[0].lesson


def replied(said: str, reply: str) -> Replied:
    """Return a reply to one student turn."""
    return Replied(LESSON, (Turn("student", said, understanding="wrong"),), reply)


def test_a_shortened_model_has_the_first_layers(tmp_path: Path, tiny: Path) -> None:  # noqa: F811
    """Its config says so and it loads; more layers than there are cannot be taken."""
    folder = shortened(tiny, 1, tmp_path / "short")
    assert AutoConfig.from_pretrained(folder).num_hidden_layers == 1 < layers_of(tiny)
    with pytest.raises(TutorError, match="its first 99 cannot be taken"):
        shortened(tiny, 99, tmp_path / "long")


def test_a_state_depends_on_its_reply_and_on_what_it_replies_to(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    tiny: Path,  # noqa: F811
) -> None:
    """Whatever is read beside it, the same reply to the same turn has the same state; another turn or reply has another."""
    monkeypatch.chdir(tmp_path)
    states = ReplyStates(tiny, 1)
    one, other, elsewhere = replied("It is 4.", "Why 4?"), replied("It is 4.", "Count the cats."), replied("Rain is wet.", "Why 4?")
    together, alone = states.means([other, one, elsewhere]), states.means([one])
    assert together[1] == pytest.approx(alone[0], abs=1e-3)
    assert abs(together[1] - together[0]).max() > 0.01 < abs(together[1] - together[2]).max()


def test_grading_shows_the_reading_where_the_base_is_there(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tiny: Path,  # noqa: F811
) -> None:
    """Learned for this model, it stands beside the scores; of another model's weights, nothing is shown, and reading by them is refused."""
    monkeypatch.chdir(tmp_path)
    rows = [
        {"group": f"g{number}", "history": [{"role": "student", "content": f"I got {number}."}], "reply": reply, "labels": {"sense": rated}}
        for number in range(6)
        for reply, rated in ((f"How did you get {number}?", 5), ("Eat the sum.", 1))
    ]
    write_jsonl(Path("rated.jsonl"), rows)
    write_jsonl(sense_figures.LEARNED, [])
    write_jsonl(sense_figures.RATED, rows)
    fitted = sense.fit(tiny)
    fitted_sense.write(fitted)
    found = {}
    for model in (tiny, tmp_path / "nothing"):
        monkeypatch.setattr("sys.argv", ["grading", "rated.jsonl", "--json", "--model", str(model)])
        grading.main()
        found[model] = json.loads(capsys.readouterr().out)["follows"]
    assert sense_figures.NAME in found[tiny]
    assert sense_figures.NAME not in found[tmp_path / "nothing"]
    with pytest.raises(DataError, match="was learned on another model"):
        sense.read(tiny, fitted_sense.FittedSense("another", 1, [], 0.0, 0.0, {}, None, 0), [replied("4", "Why?")])


def test_rated_samples_are_of_the_training_half() -> None:
    """No reply that the reading of sense learns from is to a dialogue or moment that anybody is examined on."""
    ledgers = [(RAW / name).read_text(encoding="utf-8") for name in ("splits.csv", "moment_splits.csv")]
    half = {line.split(",")[0]: line.split(",")[2] for text in ledgers for line in text.splitlines()[1:]}
    groups = {str(row["group"]) for row in read_jsonl(RAW / "rated_samples.jsonl")}
    assert len(groups) > 100
    assert {half[group] for group in groups} == {"train"}
