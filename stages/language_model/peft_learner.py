"""Train any causal language model that transformers knows, by autograd: other architectures, DoRA, and GPUs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from stages.language_model import adapters, base
from stages.language_model.learner import Sums
from stages.language_model.settings import Settings, on_gpu
from stages.language_model.supervision import Example
from stages.tutoring.records import read_json, write_json

INITS: dict[str, bool | str] = {"default": True, "pissa": "pissa", "olora": "olora"}


class PeftLearner:
    """A `Learner` (see there) over transformers and peft, one conversation at a time."""

    tokens_at_once = 4096
    parts_at_once = 1

    def __init__(self, folder: Path, settings: Settings) -> None:
        """Load the model in bf16 and add adapters in fp32; without them, keep fp32 masters of its weights."""
        from peft import LoraConfig, get_peft_model  # noqa: PLC0415 - a second that the lean Llama does not need

        self.device = torch.device("cuda" if on_gpu(settings.device) else "cpu")
        self.settings, self.base = settings, folder
        self.model = base.load_model(folder, torch.bfloat16 if settings.lora else torch.float32).to(self.device)
        self._initial: Path | None = None
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
                init_lora_weights=INITS[lora.init],
                task_type="CAUSAL_LM",
            )
            self.model = get_peft_model(self.model, config, autocast_adapter_dtype=True)
        self.parameters: dict[str, Tensor] = {name: value for name, value in self.model.named_parameters() if value.requires_grad}

    def accumulate(self, parts: Sequence[Sequence[Example]], weight: float) -> Sums:
        """See `Learner`."""
        self.model.train()
        total = Sums()
        for example in chain.from_iterable(parts):
            loss, sums = self._loss(example)
            (loss * weight).backward()
            total += sums
        return total

    @torch.no_grad()
    def measure(self, parts: Sequence[Sequence[Example]]) -> Sums:
        """See `Learner`."""
        self.model.eval()
        return sum((self._loss(example)[1] for example in chain.from_iterable(parts)), Sums())

    def refresh(self) -> None:
        """See `Learner`: the parameters are the model's own."""

    def export(self, folder: Path) -> None:
        """See `Learner`."""
        folder.mkdir(parents=True)
        if self.settings.lora is None:
            # The masters stay fp32; what is written is bf16 like the base.
            state = {name: value.to(torch.bfloat16) for name, value in self.model.state_dict().items()}
            self.model.save_pretrained(folder, state_dict=state, max_shard_size="1000GB")
            base.load_tokenizer(self.base).save_pretrained(folder)
            return
        self.model.save_pretrained(folder, safe_serialization=True)
        config = read_json(folder / adapters.CONFIG)
        config |= {"base_model_name_or_path": str(base.BASE), "target_modules": sorted(config["target_modules"])}
        write_json(folder / adapters.CONFIG, config)
        (folder / "README.md").unlink(missing_ok=True)

    def _loss(self, example: Example) -> tuple[Tensor, Sums]:
        ids = torch.tensor(example.ids, device=self.device)
        places = torch.tensor(example.positions, device=self.device)
        with torch.autocast(self.device.type, torch.bfloat16):
            logits = self.model(ids[None], logits_to_keep=places - 1, use_cache=False).logits[0].float()
        loss = functional.cross_entropy(logits, ids[places], reduction="sum")
        return loss, Sums(float(loss.detach()), int((logits.argmax(-1) == ids[places]).sum()), len(places))
