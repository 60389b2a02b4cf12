"""The model card beside a trained adapter (Mitchell et al. 2019, in the form that the Hugging Face hub reads)."""

from __future__ import annotations

import hashlib
import importlib.metadata
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from three_tutors.language_model.progress import Outcome
from three_tutors.language_model.settings import Lora, Settings
from three_tutors.pipeline.records import Record

LIBRARIES = ("torch", "transformers", "peft", "safetensors")
EMBEDDED = "HuggingFaceTB/SmolLM2-135M-Instruct"
"""The hub's name of the embedded model, for the card's header; its weights there were not quantised."""


def data_digest(rows: Sequence[Record]) -> str:
    """Return a fingerprint of the rows a model was trained on."""
    return hashlib.sha256(json.dumps(list(rows), sort_keys=True, ensure_ascii=False).encode()).hexdigest()[:16]


def card(base: Mapping[str, Any], settings: Settings, outcome: Outcome, rows: Sequence[Record], folder: Path, *, rule: float) -> str:
    """Return the card of the adapter in `folder`: base, data, training, what was measured, what it is for and where it ends.

    `rule` is the learning rate that `rate` gives for this base.
    """
    before, best = outcome.epochs[0], outcome.epochs[outcome.best_epoch]
    lora = settings.lora or Lora()
    licence = base.get("licence", "other")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in LIBRARIES)
    rate = f"{settings.learning_rate:g} (the rule for this base: {rule:g})"
    by_pairs = settings.beta is not None
    counted = f"{outcome.audit['conversations']} training dialogues, {outcome.audit['turns_learned']} learned turns"
    unit, accuracy = ("pair", "pairs whose preferred reply gained") if by_pairs else ("token", "token accuracy")
    data = f"{outcome.audit['conversations'] // 2} pairs of replies" if by_pairs else counted
    name = EMBEDDED if base["source"] == "embedded" else base["source"]
    return f"""---
base_model: {name}
library_name: peft
license: {licence}
language: en
tags: [lora, education, tutoring]
---

# A tutor by {"preferences (DPO)" if by_pairs else "LoRA"}

Low-rank adapters that make {name.rpartition("/")[2]} reply as the teachers of this project's dialogues do\
{", then trained further on which of two replies is better" if by_pairs else ""}.

| | |
|---|---|
| base | {base.get("model", "")}, {base["source"]}, weights {base["digest"]} |
| licence of the base | {licence} |
| data | {data}, digest {data_digest(rows)} |
| learned tokens | {outcome.audit["tokens_supervised"]} of {outcome.audit["tokens"]} an epoch; `supervision.json` shows a sample |
| adapters | rank {lora.r}, alpha {lora.alpha:g}, dropout {lora.dropout:g}, init {lora.init}, rsLoRA {lora.rslora}, DoRA {lora.dora} |
| frozen weights while training | {lora.precision} |
| training | learning rate {rate}, {settings.schedule}, batch {settings.batch_size}, seed {settings.seed} |
| epochs | {outcome.best_epoch} kept of {outcome.epochs[-1].epoch} |
| made with | {versions} |

## Measured

| | before training | kept epoch |
|---|---|---|
| validation loss (nats a {unit}) | {_number(before.valid_loss)} | {_number(best.valid_loss)} |
| validation {accuracy} | {_number(before.valid_accuracy)} | {_number(best.valid_accuracy)} |
| training loss | {_number(before.train_loss)} | {_number(best.train_loss)} |

What it says to held-out students, and how that scores, is in the project's reports.

## Use and limits

Meant for studying how tutors are made. A model of this size makes mistakes in every subject and can state them
kindly and firmly; a person must read along. Not for use with children unattended, for grading, or for advice.

## Load it

```python
from pathlib import Path

from peft import PeftModel
from transformers import AutoModelForCausalLM, AutoTokenizer

project = Path(".")  # where `models/base` and `{folder}` are
model = PeftModel.from_pretrained(AutoModelForCausalLM.from_pretrained(project / "models/base"), project / "{folder}")
tokenizer = AutoTokenizer.from_pretrained(project / "models/base")
```

`adapter_config.json` names its base by its place in the project, `models/base`. `AutoPeftModelForCausalLM` and other tools that
read that name find it only when they are started in the project's folder; elsewhere they would look for it on the hub. Load the
base yourself, as above, or make one model of both that needs neither:
`python -m three_tutors.language_model.export --merge DIR`.
"""


def _number(value: float | None) -> str:
    return "–" if value is None else f"{value:.4f}"
