"""A language model on disk, trained and asked: torch, transformers and peft stand here and nowhere else.

Base: `base` puts it on disk, `gguf_reader`, `gguf_tokenizer` and `gguf_names` read it from GGUF, `weights`, `chat_template`.
Training: `finetune` (start here), `settings`, `rate`, `supervision`, `steps`, `training_run`, `checkpoints`, `progress`, `processes`,
`stopping` (Ctrl-C); `preference` learns from pairs of replies, which `pairing` makes and `preferred` measures. Answering: `generate`
(start here), `replies`, `sampling`; `likelihood` of turns that a teacher said.
What computes: `learner` and `backend` are the protocols. `load` chooses between our engine in `llama/` and `peft_learner` or
`transformers_backend`; `loaded` is what every backend has beside its weights.
What comes out: `adapters`, `model_card`, `export`, `gguf_writer`. `memory` estimates what training needs.
"""
