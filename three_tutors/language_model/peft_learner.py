"""Train any causal language model that transformers knows, by autograd: other architectures, DoRA, QLoRA, and GPUs."""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional

from three_tutors.language_model import adapters, base
from three_tutors.language_model.learner import Sums
from three_tutors.language_model.number_format import autocast, number_format
from three_tutors.language_model.settings import Lora, Settings, on_gpu
from three_tutors.language_model.supervision import Example
from three_tutors.language_model.weights import check_finite, explaining
from three_tutors.pipeline.diagnostics import ParamsError

if TYPE_CHECKING:
    from transformers import BitsAndBytesConfig


def four_bits(lora: Lora) -> BitsAndBytesConfig:
    """Return how QLoRA holds the frozen linear maps: NF4 in blocks of 64 whose scales are quantised too, computed with in bf16.

    Dettmers et al. 2023, https://arxiv.org/abs/2305.14314. Embeddings, norms and the head stay bf16.

    Raises:
        ParamsError: bitsandbytes is not installed, or the adapters are to begin with a part of weights that four bits do not hold.

    """
    from transformers import BitsAndBytesConfig  # noqa: PLC0415 - only this precision needs it

    if importlib.util.find_spec("bitsandbytes") is None:
        raise ParamsError("lora.precision: nf4 needs bitsandbytes; run `pip install bitsandbytes`, or take bf16.")
    if lora.init != "default":
        raise ParamsError(f"lora.init: {lora.init} takes a part out of the weights, which nf4 cannot hold; take `default`, or bf16.")
    return BitsAndBytesConfig(
        load_in_4bit=True, bnb_4bit_quant_type="nf4", bnb_4bit_use_double_quant=True, bnb_4bit_compute_dtype=torch.bfloat16
    )


class PeftLearner:
    """A `Learner` (see there) over transformers and peft, one conversation at a time."""

    tokens_at_once = 4096
    parts_at_once = 1

    def __init__(self, folder: Path, settings: Settings) -> None:
        """Load the model and add adapters in fp32; without them, keep fp32 masters of its weights."""
        adapters.quiet_bitsandbytes()
        from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - a second that our engine does not need

        # With its number: of several processes each has a GPU of its own.
        self.device = torch.device("cuda", torch.cuda.current_device()) if on_gpu(settings.device) else torch.device("cpu")
        self.settings, self.base = settings, folder
        quantisation = four_bits(settings.lora) if settings.lora and settings.lora.precision == "nf4" else None
        width = number_format(self.device.type) if settings.lora else torch.float32
        self.model = base.load_model(folder, width, quantisation, self.device)
        check_finite(dict(self.model.named_parameters()), str(folder), "take another base model")
        for module in self.model.modules():
            # On CPUs bitsandbytes repacks its weights when a loss is measured, and repacked weights cannot be trained beside.
            if hasattr(module, "support_avx512bf16_for_cpu"):
                module.support_avx512bf16_for_cpu = False
        self._initial: dict[str, Tensor] = {}
        torch.manual_seed(settings.seed)
        if settings.lora is not None:
            lora = settings.lora
            config = LoraConfig(
                r=lora.r,
                lora_alpha=lora.alpha,
                lora_dropout=lora.dropout,
                target_modules=lora.target_modules,
                use_rslora=lora.rslora,
                use_dora=lora.dora,
                init_lora_weights=True if lora.init == "default" else lora.init,
                task_type="CAUSAL_LM",
            )
            if lora.dora and lora.init != "default":
                raise ParamsError(f"lora.init: {lora.init} and lora.dora cannot be had together; take `init: default`, or `dora: false`.")
            self.model = get_peft_model(self.model, config, autocast_adapter_dtype=True)
            if lora.init != "default":
                self._initial = {name: value.clone() for name, value in self._adapter().items()}
        self.parameters: dict[str, Tensor] = {name: value for name, value in self.model.named_parameters() if value.requires_grad}

    def accumulate(self, parts: Sequence[Sequence[Example]], weight: float) -> Sums:
        """See `Learner`."""
        self.model.train()
        total = Sums()
        for example in chain.from_iterable(parts):
            loss, sums = self._loss(example)
            (loss * (weight * example.weight)).backward()
            total += sums
        return total

    @torch.no_grad()
    def measure(self, parts: Sequence[Sequence[Example]]) -> Sums:
        """See `Learner`."""
        self.model.eval()
        return sum((self._loss(example)[1] for example in chain.from_iterable(parts)), Sums())

    @torch.no_grad()
    def losses(self, examples: Sequence[Example]) -> list[float]:
        """See `ExampleLearner`."""
        self.model.eval()
        return [self._loss(example)[1].loss for example in examples]

    def begin_with(self, adapter: Path) -> None:
        """See `ExampleLearner`."""
        adapters.read_into({name.replace(".default", ""): value for name, value in self.parameters.items()}, adapter)

    def refresh(self) -> None:
        """See `Learner`: the parameters are the model's own."""

    def export(self, folder: Path) -> None:
        """See `Learner`."""
        folder.mkdir(parents=True)
        if self.settings.lora is None:
            # The masters stay fp32; what is written is bf16 like the base.
            state = {name: value.to(torch.bfloat16) for name, value in self.model.state_dict().items()}
            with explaining(folder):
                self.model.save_pretrained(folder, state_dict=state, max_shard_size="1000GB")
            base.load_tokenizer(self.base).save_pretrained(folder)
            base.name_as_transformers_4(folder)
        else:
            adapters.write(folder, self.settings.lora, self._adapter(), self._initial)

    def _adapter(self) -> dict[str, Tensor]:
        """Return the adapter's weights as they are now, by their names in a file."""
        from peft import get_peft_model_state_dict  # noqa: PLC0415 - see `__init__`

        return {name: value.detach().cpu() for name, value in get_peft_model_state_dict(self.model, save_embedding_layers=False).items()}

    def _loss(self, example: Example) -> tuple[Tensor, Sums]:
        ids = torch.tensor(example.ids, device=self.device)
        places = torch.tensor(example.positions, device=self.device)
        with autocast(self.device.type):
            logits = self.model(ids[None], logits_to_keep=places - 1, use_cache=False).logits[0].float()
        loss = functional.cross_entropy(logits, ids[places], reduction="sum")
        return loss, Sums(float(loss.detach()), int((logits.argmax(-1) == ids[places]).sum()), len(places))
