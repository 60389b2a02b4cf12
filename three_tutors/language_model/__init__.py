"""Everything that touches torch, transformers and peft: the base model, fine-tuning, generation."""
