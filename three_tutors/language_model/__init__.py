"""A language model on disk, trained and asked: torch, transformers and peft stand here and nowhere else.

Base: `base` puts it on disk, `gguf_llama` reads it from GGUF, `chat_template` is the one way a conversation is written.
Training: `finetune` (start here), `settings`, `supervision`, `steps`, `training_run`, `checkpoints`, `progress`, `processes`.
Answering: `generate` (start here), `replies`, `sampling`; `likelihood` measures turns that a teacher said.
What computes: `learner` and `backend` are the protocols. `load` chooses between our engine in `llama/` and `peft_learner` or
`transformers_backend`; `loaded` is what every backend has beside its weights.
What comes out: `adapters`, `model_card`, `export`, `gguf_writer`. `memory` says beforehand what training needs.
"""
