"""What every backend has beside its weights."""

from __future__ import annotations

from pathlib import Path

from transformers import PretrainedConfig, PreTrainedTokenizerFast

from three_tutors.language_model import base


class Loaded:
    """Tokenizer, tokens that end a reply, and most tokens of a conversation."""

    def __init__(self, folder: Path, config: PretrainedConfig, context: int) -> None:
        """Read them from `folder`."""
        self.tokenizer = base.load_tokenizer(folder)
        self.text_of = self.tokenizer.backend_tokenizer
        self.ends = _ends(folder, self.tokenizer)
        self.context = min(context, config.max_position_embeddings)


def _ends(folder: Path, tokenizer: PreTrainedTokenizerFast) -> frozenset[int]:
    """Return the tokens that end a reply: the tokenizer's and those of generation_config.json."""
    from transformers import GenerationConfig  # noqa: PLC0415 - half a second less for those who only train

    ids = {tokenizer.eos_token_id}
    if (folder / "generation_config.json").exists():
        more = GenerationConfig.from_pretrained(folder, local_files_only=True).eos_token_id
        ids |= set(more if isinstance(more, list) else [more])
    return frozenset(number for number in ids if number is not None)
