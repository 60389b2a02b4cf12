"""A workspace with small tutors whose files hold a few bytes each."""

from __future__ import annotations

import json
from pathlib import Path

from three_tutors.language_model import base

DIALOGUE_LICENCES = ["", "CC0-1.0"]


def workspace(folder: Path, weights: bytes = b"base") -> Path:
    """Make a base model, a DSPy program and an adapter in `folder`; return the folder of the models."""
    models = folder / "models"
    write(models / "base/config.json", "{}")
    write(models / "base/tokenizer.json", "{}")
    (models / "base/model.safetensors").write_bytes(weights)
    digest = base.digest(models / "base")
    write(models / "base/source.json", json.dumps({"model": "Tiny", "licence": "apache-2.0", "digest": digest}))
    write(models / "dspy/program.json", '{"turn": {}}')
    write(models / "dspy/tutor.json", '{"base_url": "local", "model": "base", "api_key_env": "OPENAI_API_KEY"}')
    write(models / "lora/adapter_config.json", "{}")
    write(models / "lora/trained_on.json", json.dumps({"base_digest": digest}))
    write(models / "lora/README.md", "A tutor.\n")
    write(models / "lora/notes.py", "print('code')\n")
    (models / "lora/adapter_model.safetensors").write_bytes(b"adapter")
    write(folder / "data/raw/LICENSE", "CC BY 4.0\n")
    write(folder / "data/processed/splits/train.jsonl", "".join(json.dumps({"licence": one}) + "\n" for one in DIALOGUE_LICENCES))
    write(folder / "reports/metrics/train_lora.json", '{"valid_loss": 3.05}')
    return models


def write(path: Path, text: str) -> None:
    """Write a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
