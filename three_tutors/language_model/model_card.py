"""The model card beside a trained adapter (Mitchell et al. 2019, in the form that the Hugging Face hub reads)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from typing import Any

from three_tutors.language_model.progress import Outcome
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.pipeline.records import Record

LIBRARIES = ("torch", "transformers", "peft", "safetensors")


def data_digest(rows: Sequence[Record]) -> str:
    """Return a fingerprint of the rows a model was trained on."""
    return hashlib.sha256(json.dumps(list(rows), sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def card(base: Mapping[str, Any], settings: Settings, outcome: Outcome, rows: Sequence[Record]) -> str:
    """Return the card: base, data, training, what was measured, what it is for and where it ends."""
    before, best = outcome.epochs[0], outcome.epochs[outcome.best_epoch]
    lora = settings.lora or Lora()
    licence = base.get("licence", "other")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    return f"""---
base_model: {base.get("model", base.get("source"))}
library_name: peft
license: {licence}
language: en
tags: [lora, education, tutoring]
---

# A tutor by LoRA

Low-rank adapters that make {base.get("model", "the base model")} reply as the teachers of this project's dialogues do.

| | |
|---|---|
| base | {base.get("model", "")}, {base.get("source", "")}, weights {base["digest"]} |
| licence of the base | {licence} |
| data | {outcome.audit["conversations"]} training dialogues, {outcome.audit["turns_learned"]} learned turns, digest {data_digest(rows)} |
| learned tokens | {outcome.audit["tokens_supervised"]} of {outcome.audit["tokens"]} an epoch; `supervision.json` shows a sample |
| adapters | rank {lora.r}, alpha {lora.alpha:g}, dropout {lora.dropout:g}, init {lora.init}, rsLoRA {lora.rslora}, DoRA {lora.dora} |
| frozen weights while training | {lora.precision} |
| training | learning rate {settings.learning_rate:g} ({settings.schedule}), batch {settings.batch_size}, seed {settings.seed} |
| epochs | {outcome.best_epoch} kept of {outcome.epochs[-1].epoch} |
| made with | {versions} |

## Measured

| | before training | kept epoch |
|---|---|---|
| validation loss (nats a token) | {_number(before.valid_loss)} | {_number(best.valid_loss)} |
| validation token accuracy | {_number(before.valid_accuracy)} | {_number(best.valid_accuracy)} |
| training loss | {_number(before.train_loss)} | {_number(best.train_loss)} |

What it says to held-out students, and how that scores, is in the project's reports.

## Use and limits

Meant for studying how tutors are made. A model of this size makes mistakes in every subject and can state them
kindly and firmly; a person must read along. Not for use with children unattended, for grading, or for advice.

```python
from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained("models/base"), "models/lora")
tokenizer = AutoTokenizer.from_pretrained("models/base")
```
"""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
