from __future__ import annotations

import dataclasses
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from peft import PeftModel
from transformers import GPTNeoXConfig, GPTNeoXForCausalLM, MistralConfig, MistralForCausalLM, PreTrainedModel

from tests.language_model.conftest import contents
from three_tutors.language_model import adapters, base, export
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.load import load_learner
from three_tutors.language_model.number_format import number_format
from three_tutors.language_model.peft_learner import PeftLearner
from three_tutors.language_model.progress import Event, StepEvent
from three_tutors.language_model.replies import Options
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.language_model.supervision import examples
from three_tutors.language_model.transformers_backend import TransformersBackend
from three_tutors.pipeline.diagnostics import ParamsError

Rows = Callable[..., list[dict[str, Any]]]
LORA = Settings(learning_rate=1e-2, epochs=2, batch_size=2, lora=Lora(r=4, alpha=8), early_stopping_patience=0, max_length=200)
SAID: Any = [[{"role": "system", "content": "You are a tutor."}, {"role": "user", "content": "I think 5 + 1 is 5."}]]
SIZES = {"vocab_size": 49152, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2, "num_attention_heads": 4}
IDS = {"eos_token_id": 2, "pad_token_id": 0, "bos_token_id": 1}


def mistral() -> PreTrainedModel:
    """Return a random Mistral, whose attention may slide over a window: our own engine leaves it to peft."""
    return MistralForCausalLM(MistralConfig(**SIZES, **IDS, num_key_value_heads=2, tie_word_embeddings=True))


def neox() -> PreTrainedModel:
    """Return a random GPT-NeoX, whose layers have other names, biases everywhere and LayerNorms."""
    return GPTNeoXForCausalLM(GPTNeoXConfig(**SIZES, **IDS))


@pytest.fixture(scope="module", params=[mistral, neox, None], ids=["mistral", "gpt-neox", "dora"])
def case(request: pytest.FixtureRequest, tiny: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Settings]:
    """Return a base that only transformers computes, or settings that only peft knows, for the tiny Llama."""
    if request.param is None:
        return tiny, dataclasses.replace(LORA, lora=Lora(r=4, alpha=8, dora=True, dropout=0.1))
    folder = tmp_path_factory.mktemp("other") / "base"
    torch.manual_seed(0)
    model: PreTrainedModel = request.param().to(torch.bfloat16)
    model.generation_config.eos_token_id = 2
    model.save_pretrained(folder)
    for path in tiny.iterdir():
        if path.name.startswith(("tokenizer", "chat_template")):
            shutil.copy(path, folder)
    return folder, LORA


def test_it_trains_resumes_answers_and_exports(case: tuple[Path, Settings], tmp_path: Path, rows: Rows) -> None:
    """Through peft too: the loss falls, a stopped run ends with an unbroken one's bytes, and Generator and `--merge` take the adapter."""
    folder, settings = case
    assert isinstance(load_learner(folder, settings), PeftLearner)
    steps: list[Event] = []

    def hear(event: Event) -> None:
        steps.extend([event] if isinstance(event, StepEvent) else [])

    def train(name: str, **options: Any) -> Any:
        return finetune(folder, rows(3), rows(5)[3:], settings, folder=tmp_path / name, scratch=tmp_path / "scratch", **options)

    unbroken = train("unbroken")
    stopped = train("resumed", on_event=hear, stop=lambda: len(steps) == 1)
    resumed = train("resumed", on_event=hear)
    losses = [epoch.valid_loss for epoch in unbroken.epochs]
    assert losses[-1] < losses[0]
    assert (stopped.status, resumed.status, resumed.epochs) == ("stopped", "succeeded", unbroken.epochs)
    assert contents(tmp_path / "resumed") == contents(tmp_path / "unbroken")

    adapters.check(tmp_path / "resumed", folder)
    tuned = Generator(folder, tmp_path / "resumed", slots=2, context=128)
    assert isinstance(tuned.backend, TransformersBackend)
    export.merge(folder, tmp_path / "resumed", tmp_path / "merged")
    merged = Generator(tmp_path / "merged", slots=2, context=128)
    options = Options(max_tokens=6, logprobs=1)
    plain = Generator(folder, slots=2, context=128).replies(SAID, options)[0]
    one, other = (generator.replies(SAID, options)[0] for generator in (tuned, merged))
    # Merged and read again, a tiny Llama is computed by our own module, which rounds elsewhere.
    assert one.logprobs[0].logprob == pytest.approx(other.logprobs[0].logprob, abs=0.1)
    assert [token.logprob for token in one.logprobs] != [token.logprob for token in plain.logprobs]


def test_a_gpu_that_is_not_there_is_an_error(tiny: Path) -> None:
    """`device: cuda` on a machine without a GPU says so instead of training elsewhere."""
    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(ParamsError, match="finds no GPU"):
        load_learner(tiny, dataclasses.replace(LORA, device="cuda"))


def test_qlora_trains_beside_four_bits(tiny: Path, tmp_path: Path, rows: Rows) -> None:
    """With nf4 the linear maps lie in four bits, the loss falls, and the adapter answers over the base as it is."""
    pytest.importorskip("bitsandbytes")
    settings = dataclasses.replace(LORA, lora=Lora(r=4, alpha=8, precision="nf4"))
    learner = load_learner(tiny, settings)
    assert isinstance(learner, PeftLearner)
    frozen = {name: value for name, value in learner.model.named_parameters() if not value.requires_grad}
    assert {value.dtype for name, value in frozen.items() if "proj" in name} == {torch.uint8}
    assert {value.dtype for name, value in frozen.items() if "proj" not in name} == {number_format()}
    assert {value.dtype for value in learner.parameters.values()} == {torch.float32}

    def train(name: str) -> Any:
        return finetune(tiny, rows(3), rows(5)[3:], settings, folder=tmp_path / name, scratch=tmp_path / f"scratch-{name}")

    losses = [epoch.valid_loss for epoch in train("one").epochs]
    assert losses[-1] < losses[0]
    train("two")
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    plain, tuned = (Generator(tiny, adapter, slots=2, context=128) for adapter in (None, tmp_path / "one"))
    options = Options(max_tokens=6, logprobs=1)
    one, other = (generator.replies(SAID, options)[0].logprobs[0].logprob for generator in (plain, tuned))
    assert one != other


def test_qlora_without_its_library_says_what_to_install(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine without bitsandbytes gets a sentence, not an ImportError from deep inside."""
    monkeypatch.setattr("importlib.util.find_spec", lambda _name: None)
    with pytest.raises(ParamsError, match="pip install bitsandbytes"):
        load_learner(tiny, dataclasses.replace(LORA, lora=Lora(r=4, precision="nf4")))


def test_four_bits_hold_no_other_beginnings(tiny: Path) -> None:
    """PiSSA and OLoRA change the frozen weights themselves, so they are refused with nf4."""
    pytest.importorskip("bitsandbytes")
    with pytest.raises(ParamsError, match=r"lora\.init: pissa"):
        load_learner(tiny, dataclasses.replace(LORA, lora=Lora(r=4, init="pissa", precision="nf4")))


@pytest.mark.parametrize("init", ["pissa", "olora"])
def test_other_beginnings_leave_an_adapter_of_the_base_itself(tmp_path: Path, tiny: Path, rows: Rows, init: Any) -> None:
    """PiSSA and OLoRA move a part of the weights into the adapter; what is written adds to the base as it was."""
    folder, tokens = tmp_path / "base", base.load_tokenizer(tiny)
    torch.manual_seed(0)
    mistral().to(torch.bfloat16).save_pretrained(folder)
    learner = load_learner(folder, dataclasses.replace(LORA, lora=Lora(r=4, alpha=8, init=init)))
    batch = examples(tokens, rows(3), "all", 200)
    for _ in range(5):
        learner.accumulate([batch], 0.01)
        with torch.no_grad():
            for value in learner.parameters.values():
                assert value.grad is not None
                value.sub_(value.grad, alpha=0.5)
                value.grad.zero_()
    learner.export(tmp_path / "adapter")
    trained = learner.measure([batch]).mean_loss
    plain = load_learner(folder, LORA).measure([batch]).mean_loss
    written = PeftModel.from_pretrained(base.load_model(folder, torch.float32), tmp_path / "adapter")
    with torch.no_grad():
        logits = [written(torch.tensor([example.ids])).logits[0, torch.tensor(example.positions) - 1] for example in batch]
    targets = torch.tensor([example.ids[place] for example in batch for place in example.positions])
    loss = torch.nn.functional.cross_entropy(torch.cat(logits), targets).item()
    assert trained < plain - 0.03
    assert loss == pytest.approx(trained, abs=0.01)


def test_dora_begins_in_one_way_only(tiny: Path) -> None:
    """Magnitudes apart and a beginning from the weights exclude each other, and the message says what to change."""
    with pytest.raises(ParamsError, match=r"lora\.init: olora and lora\.dora"):
        load_learner(tiny, dataclasses.replace(LORA, lora=Lora(r=4, init="olora", dora=True)))
