from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import AutoPeftModelForCausalLM, PeftConfig, PeftModel
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from tests.language_model.conftest import contents
from three_tutors.language_model import adapters, base, training_run
from three_tutors.language_model.checkpoints import COMPLETE
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.peft_learner import PeftLearner
from three_tutors.language_model.progress import EpochEvent, Outcome, StepEvent
from three_tutors.language_model.settings import LINEAR, Lora, Settings
from three_tutors.language_model.steps import batches, learning_rate
from three_tutors.language_model.supervision import Example
from three_tutors.pipeline.diagnostics import DataError, TutorError

Rows = Callable[..., list[dict[str, Any]]]
LORA = Settings(learning_rate=1e-2, epochs=3, batch_size=2, lora=Lora(r=4, alpha=8), early_stopping_patience=0)
FULL = dataclasses.replace(LORA, lora=None, learning_rate=1e-3)


def train(tiny: Path, folder: Path, rows: Rows, settings: Settings, **options: Any) -> Outcome:
    """Fine-tune the tiny model on five conversations, validated on two, into `folder`/out."""
    return finetune(tiny, rows(5), rows(7)[5:], settings, folder=folder / "out", scratch=folder / "scratch", **options)


@pytest.mark.parametrize("settings", [LORA, FULL], ids=["lora", "full"])
def test_training_lowers_the_loss_and_repeats_to_the_byte(tiny: Path, tmp_path: Path, rows: Rows, settings: Settings) -> None:
    """Two runs leave equal bytes, and the validation loss ends below where it began."""
    first = train(tiny, tmp_path / "a", rows, settings)
    train(tiny, tmp_path / "b", rows, settings)
    assert contents(tmp_path / "a/out") == contents(tmp_path / "b/out")
    assert first.epochs[first.best_epoch].valid_loss < first.epochs[0].valid_loss  # type: ignore[operator]
    assert not (tmp_path / "a/scratch").exists()


@pytest.mark.parametrize("settings", [LORA, FULL], ids=["lora", "full"])
@pytest.mark.parametrize("after", [1, 3, 4])
def test_a_stopped_run_ends_with_the_bytes_of_an_unbroken_one(
    tiny: Path, tmp_path: Path, rows: Rows, settings: Settings, after: int
) -> None:
    """Stopped in the middle or at the end of an epoch and called again, a run goes on as if nothing had happened."""
    unbroken = train(tiny, tmp_path / "a", rows, settings)
    steps: list[StepEvent] = []

    def hear(event: StepEvent | EpochEvent) -> None:
        if isinstance(event, StepEvent):
            steps.append(event)

    stopped = train(tiny, tmp_path / "b", rows, settings, on_event=hear, stop=lambda: len(steps) == after)
    resumed = train(tiny, tmp_path / "b", rows, settings, on_event=hear)
    assert (stopped.status, resumed.status, len(steps)) == ("stopped", "succeeded", len(unbroken.steps))
    assert contents(tmp_path / "a/out") == contents(tmp_path / "b/out")
    assert (resumed.steps, resumed.epochs) == (unbroken.steps, unbroken.epochs)


class KilledError(Exception):
    """Stands for a kill: nothing after it runs."""


def test_a_killed_run_goes_on_from_its_last_complete_state(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """A kill in the second epoch, and a state that was cut off while it was written, cost no more than that epoch."""
    train(tiny, tmp_path / "a", rows, LORA)

    def kill(event: StepEvent | EpochEvent) -> None:
        if isinstance(event, StepEvent) and event.step == 5:
            raise KilledError

    with pytest.raises(KilledError):
        train(tiny, tmp_path / "b", rows, LORA, on_event=kill)
    cut = tmp_path / "b/scratch/state-00000005"
    cut.mkdir()
    (cut / "state.safetensors").write_bytes(b"half")
    heard: list[int] = []
    train(tiny, tmp_path / "b", rows, LORA, on_event=lambda event: heard.append(event.step))
    assert (heard[0], contents(tmp_path / "b/out")) == (4, contents(tmp_path / "a/out"))


def test_a_state_is_written_in_the_middle_of_a_long_epoch(tiny: Path, tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the last state is old, the next step leaves one: a kill before the first epoch's end costs a step, and no byte of the result."""
    train(tiny, tmp_path / "a", rows, LORA)
    monkeypatch.setattr(training_run, "STATE_SECONDS", 0.0)
    steps: list[int] = []

    def kill(event: StepEvent | EpochEvent) -> None:
        if isinstance(event, StepEvent):
            steps.append(event.step)
            if len(steps) == 2:
                raise KilledError

    with pytest.raises(KilledError):
        train(tiny, tmp_path / "b", rows, LORA, on_event=kill)
    train(tiny, tmp_path / "b", rows, LORA, on_event=kill)
    assert steps[:3] == [1, 2, 2]
    assert contents(tmp_path / "a/out") == contents(tmp_path / "b/out")


def test_a_state_of_another_run_is_not_taken(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """A changed setting begins anew instead of going on from the old state."""
    train(tiny, tmp_path, rows, LORA, stop=lambda: True)
    assert list((tmp_path / "scratch").glob(f"*/{COMPLETE}"))
    heard: list[int] = []
    train(tiny, tmp_path, rows, dataclasses.replace(LORA, seed=1), on_event=lambda event: heard.append(event.step))
    assert heard[:2] == [0, 1]


def test_small_portions_add_up_to_one_big_batch(tiny: Path, tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """Gradient accumulation weighs by learned tokens: a batch in portions takes the same steps as the batch at once."""
    settings = dataclasses.replace(LORA, batch_size=5, epochs=2)
    whole = train(tiny, tmp_path / "a", rows, settings)
    monkeypatch.setattr("three_tutors.language_model.llama.learner.LlamaLearner.tokens_at_once", 1)
    parts = train(tiny, tmp_path / "b", rows, settings)
    assert [step.loss for step in parts.steps] == pytest.approx([step.loss for step in whole.steps], rel=2e-2)
    one, other = (load_file(tmp_path / name / "out" / adapters.WEIGHTS) for name in "ab")
    assert all(torch.nn.functional.cosine_similarity(one[key].flatten(), other[key].flatten(), 0) > 0.9 for key in one)


@pytest.mark.parametrize("init", ["default", "pissa", "olora"])
def test_the_adapter_loads_with_plain_peft(tiny: Path, tmp_path: Path, rows: Rows, init: Any) -> None:
    """Peft and transformers load what was written, and it changes the model as training did."""
    settings = dataclasses.replace(LORA, lora=Lora(r=4, alpha=8, init=init))
    outcome = train(tiny, tmp_path, rows, settings)
    model = PeftModel.from_pretrained(base.load_model(tiny, torch.float32), tmp_path / "out").eval()
    tokenizer = base.load_tokenizer(tiny)
    ids = torch.tensor([tokenizer.apply_chat_template(rows(7)[5]["messages"])["input_ids"]])
    with torch.no_grad():
        tuned = model(ids, labels=ids).loss
        with model.disable_adapter():
            plain = model(ids, labels=ids).loss
    assert tuned < plain
    assert outcome.best_epoch > 0


def test_no_path_of_this_machine_enters_the_adapter(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """The adapter names its base by its place in the project and knows which weights it was trained on."""
    train(tiny, tmp_path, rows, LORA)
    written = b"".join(contents(tmp_path / "out").values())
    assert str(tmp_path).encode() not in written
    assert str(tiny).encode() not in written
    adapters.check(tmp_path / "out", tiny)


def test_an_adapter_of_another_base_is_refused(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """An adapter is checked against the weights it was trained on."""
    train(tiny, tmp_path, rows, LORA)
    train(tiny, tmp_path / "full", rows, FULL)
    with pytest.raises(TutorError, match="was trained on base"):
        adapters.check(tmp_path / "out", tmp_path / "full/out")


def test_early_stopping_keeps_the_best_epoch(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """When the validation loss rises for `early_stopping_patience` epochs, training ends and the best epoch is kept."""
    settings = dataclasses.replace(LORA, learning_rate=0.1, schedule="constant", epochs=12, early_stopping_patience=1, warmup=0.0)
    other = rows(2)
    for row in other:  # what is learned helps little here, and harms in the end
        row["messages"][2]["content"], row["messages"][4]["content"] = "Zebras graze quietly.", "Violins hum beneath."
    outcome = finetune(tiny, rows(5), other, settings, folder=tmp_path / "out", scratch=tmp_path / "scratch")
    losses = [event.valid_loss for event in outcome.epochs[1:]]
    assert outcome.stopped_early
    assert losses.index(min(losses)) + 1 == outcome.best_epoch == outcome.epochs[-1].epoch - 1  # type: ignore[type-var]


def test_checkpoints_of_every_epoch_are_whole_models(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """With `checkpoints` each epoch's model stays and can be loaded."""
    outcome = train(tiny, tmp_path, rows, FULL, checkpoints=True)
    folders = [event.checkpoint for event in outcome.epochs if event.checkpoint]
    assert [str(folder.name) for folder in folders] == ["1", "2", "3"]
    assert contents(folders[outcome.best_epoch - 1]) == contents(tmp_path / "out")
    base.load_model(folders[0])


def test_no_rows_is_an_error(tiny: Path, tmp_path: Path) -> None:
    """Training on nothing says so."""
    with pytest.raises(DataError, match="nothing to train on"):
        finetune(tiny, [], [], LORA, folder=tmp_path / "out", scratch=tmp_path / "scratch")


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [("constant", [0.5, 1.0, 1.0, 1.0, 1.0]), ("linear", [0.5, 1.0, 1.0, 2 / 3, 1 / 3]), ("cosine", [0.5, 1.0, 1.0, 0.75, 0.25])],
)
def test_learning_rate_warms_up_and_falls(schedule: Any, expected: list[float]) -> None:
    """Two of five steps rise, the other three follow the schedule."""
    settings = Settings(learning_rate=1.0, epochs=1, warmup=0.4, schedule=schedule)
    assert [learning_rate(settings, step, 5) for step in range(5)] == pytest.approx(expected)


def test_batches_hold_every_example_once_in_an_order_of_their_epoch() -> None:
    """Each epoch deals all examples anew, the same way for the same seed."""
    made = [Example(str(number), (1, 2), ((0, 1),)) for number in range(10)]
    one, two = (batches(made, LORA, epoch) for epoch in (1, 2))
    assert sorted(example.id for batch in one for example in batch) == [str(number) for number in range(10)]
    assert one != two
    assert one == batches(made, LORA, 1)


@pytest.mark.parametrize("validated", [True, False], ids=["validated", "unvalidated"])
@pytest.mark.parametrize("settings", [LORA, FULL], ids=["lora", "full"])
def test_training_that_diverges_stops_with_a_sentence(tiny: Path, tmp_path: Path, rows: Rows, settings: Settings, validated: bool) -> None:
    """A learning rate that throws the weights out of all bounds leaves no model, and the sentence says what to lower."""
    wild = dataclasses.replace(settings, learning_rate=1e38, weight_decay=1e3, epochs=1, batch_size=5, warmup=0.0)
    with pytest.raises(TutorError, match=r"not a finite number|infinite or NaN") as caught:
        finetune(tiny, rows(5), rows(7)[5:] if validated else [], wild, folder=tmp_path / "out", scratch=tmp_path / "scratch")
    assert "lower the learning rate" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_gradients_that_are_not_finite_stop_training(tiny: Path, tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """A single infinite gradient under a finite loss would make every weight NaN by clipping; it stops the run before the step."""
    accumulate = LlamaLearner.accumulate

    def overflowing(self: LlamaLearner, parts: Any, weight: float) -> Any:
        sums = accumulate(self, parts, weight)
        next(iter(self.parameters.values())).grad[0, 0] = float("inf")  # type: ignore[index]
        return sums

    monkeypatch.setattr(LlamaLearner, "accumulate", overflowing)
    with pytest.raises(TutorError, match="gradients of step 1 is not a finite number"):
        train(tiny, tmp_path, rows, LORA)


@pytest.mark.parametrize("lora", [Lora(r=4), Lora(r=4, dora=True), None], ids=["lora", "dora", "full"])
def test_a_base_that_is_not_finite_is_not_trained(tiny: Path, tmp_path: Path, rows: Rows, lora: Lora | None) -> None:
    """One NaN in the base's weights is named before anything is computed with it, whoever computes."""
    folder = tmp_path / "base"
    shutil.copytree(tiny, folder)
    weights = load_file(tiny / base.WEIGHTS)
    weights["model.layers.1.mlp.up_proj.weight"][3, 5] = float("nan")
    save_file(weights, folder / base.WEIGHTS, metadata={"format": "pt"})
    with pytest.raises(TutorError, match=r"base: .*layers\.1\.mlp\.up_proj.* holds numbers that are infinite or NaN; take another base"):
        train(folder, tmp_path, rows, dataclasses.replace(LORA, lora=lora))


def test_the_adapter_is_configured_as_peft_would(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """Our config lists the modules that `all-linear` stands for, and says what peft's own config of the same adapter says."""
    settings = dataclasses.replace(LORA, epochs=1)
    train(tiny, tmp_path, rows, settings)
    listed = dataclasses.replace(settings, lora=Lora(r=4, alpha=8, target_modules=list(LINEAR)))
    PeftLearner(tiny, listed).model.save_pretrained(tmp_path / "peft")
    ours, theirs = (PeftConfig.from_pretrained(tmp_path / name).to_dict() for name in ("out", "peft"))
    assert ours["target_modules"] == theirs["target_modules"] == set(LINEAR)
    assert {name for name in ours if ours[name] != theirs[name]} <= {"base_model_name_or_path", "peft_version"}


def test_the_adapter_opens_from_any_folder(tiny: Path, tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch) -> None:
    """AutoPeftModel finds the base from the project's folder; from another one, the card's lines load both."""
    (tmp_path / "models").mkdir()
    (tmp_path / "models/base").symlink_to(tiny)
    train(tiny, tmp_path, rows, dataclasses.replace(LORA, epochs=1))
    ids = torch.tensor([[1, 2, 3]])
    monkeypatch.chdir(tmp_path)
    with torch.no_grad():
        found = AutoPeftModelForCausalLM.from_pretrained("out")(ids).logits
        (tmp_path / "elsewhere").mkdir()
        monkeypatch.chdir(tmp_path / "elsewhere")
        project = Path("..")
        model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(project / "models/base"), project / "out")
        torch.testing.assert_close(model(ids).logits, found)
