"""Byte-level BPE tokenizers in GGUF files. A file has vocabulary and merges, and only the name of how text is split before BPE."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from three_tutors.pipeline.diagnostics import TutorError

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

NORMAL_TOKEN, CONTROL_TOKEN, USER_TOKEN, UNUSED_TOKEN = 1, 3, 4, 5
"""`tokenizer.ggml.token_type`: made by text, never made by text, always found whole in text, never used."""
END_OF_TEXT = "<|endoftext|>"
"""Pads where a file pads with the end-of-turn token, as SmolLM2 does: a trainer that masks padding by id would never learn to stop."""

QWEN2 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
LLAMA3 = QWEN2.replace(r"|\p{N}|", r"|\p{N}{1,3}|")


@dataclass(frozen=True)
class Splitting:
    """How text is split before BPE."""

    pattern: str = ""
    """The regular expression that finds words; GPT-2's if empty."""
    digits: bool = False
    """Each digit is a word of its own, before words are looked for."""
    composed: bool = False
    """Text is composed first (Unicode's NFC)."""
    whole_words: bool = False
    """A word that is a token is that token, whatever the merges would make of it."""


SPLITTINGS = {
    "gpt-2": Splitting(),
    "smollm": Splitting(digits=True),
    "refact": Splitting(digits=True),
    "starcoder": Splitting(digits=True),
    "qwen2": Splitting(QWEN2, composed=True),
    "llama-bpe": Splitting(LLAMA3, whole_words=True),
    "smaug-bpe": Splitting(LLAMA3),
    "dbrx": Splitting(LLAMA3),
}
"""By `tokenizer.ggml.pre`. `refact` is Granite 3's, `smaug-bpe` SmolLM3's, `dbrx` Granite 4's. From llama.cpp's src/llama-vocab.cpp
and the tokenizers that the models were published with; llama.cpp itself does not compose text."""


def read(fields: Mapping[str, Any], context: int) -> PreTrainedTokenizerFast:
    """Return the tokenizer that the `fields` of a GGUF file describe, with the file's own chat template if it has one.

    Args:
        fields: of the file, by their names.
        context: most tokens of a conversation.

    Raises:
        TutorError: it is another kind of tokenizer, or its parts do not fit together.

    """
    from tokenizers import AddedToken, Tokenizer, decoders, models  # noqa: PLC0415 - only needed once, when the base is made
    from transformers import PreTrainedTokenizerFast  # noqa: PLC0415

    tokens, splitting = _tokens(fields), _splitting(fields)
    merges = _merges(fields, set(tokens))
    # Without `ignore_merges` where it is not needed, `tokenizer.json` is what it always was.
    options: dict[str, Any] = {"ignore_merges": True} if splitting.whole_words else {}
    built = Tokenizer(models.BPE({token: index for index, token in enumerate(tokens)}, merges, **options))
    split(built, splitting)
    built.decoder = decoders.ByteLevel()
    kinds: list[int] = fields["tokenizer.ggml.token_type"]
    of_kind = {kind: [token for token, own in zip(tokens, kinds, strict=True) if own == kind] for kind in (CONTROL_TOKEN, USER_TOKEN)}
    built.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in of_kind[CONTROL_TOKEN]])
    if of_kind[USER_TOKEN]:
        built.add_tokens([AddedToken(token, special=False, normalized=False) for token in of_kind[USER_TOKEN]])
    special = {
        name: _special(fields, tokens, key) for name, key in (("bos", "bos"), ("eos", "eos"), ("unk", "unknown"), ("pad", "padding"))
    }
    if special["pad"] == special["eos"] and END_OF_TEXT in tokens:
        special["pad"] = END_OF_TEXT
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=built,
        **{f"{name}_token": token for name, token in special.items() if token is not None},
        model_max_length=context,
        clean_up_tokenization_spaces=False,
    )
    tokenizer.chat_template = fields.get("tokenizer.chat_template")
    return tokenizer


def _tokens(fields: Mapping[str, Any]) -> list[str]:
    kind = fields.get("tokenizer.ggml.model")
    if kind != "gpt2":
        raise TutorError(
            f"its tokenizer is of the kind {kind!r}; only byte-level BPE ('gpt2') is read. Take the model's folder from the hub."
        )
    tokens: list[str] = fields["tokenizer.ggml.tokens"]
    if len(set(tokens)) < len(tokens):
        raise TutorError("its vocabulary has the same token twice; take another file.")
    return tokens


def _splitting(fields: Mapping[str, Any]) -> Splitting:
    name = fields.get("tokenizer.ggml.pre", "")
    if name not in SPLITTINGS:
        said = f"splits text in the way {name!r}" if name else "does not say how it splits text (it was made by an old converter)"
        raise TutorError(f"its tokenizer {said}; known are {', '.join(SPLITTINGS)}. Take the model's folder from the hub, or a newer file.")
    return SPLITTINGS[name]


def _merges(fields: Mapping[str, Any], tokens: set[str]) -> list[tuple[str, str]]:
    merges = [tuple(merge.split(" ", maxsplit=1)) for merge in fields["tokenizer.ggml.merges"]]
    for merge in merges:
        if len(merge) != 2 or not {*merge, "".join(merge)} <= tokens:  # noqa: PLR2004 - a pair
            raise TutorError(f"its tokenizer merges {' '.join(merge)!r}, which is not in its vocabulary; take another file.")
    return merges


def _special(fields: Mapping[str, Any], tokens: list[str], key: str) -> str | None:
    index = fields.get(f"tokenizer.ggml.{key}_token_id")
    return tokens[index] if index is not None and index < len(tokens) else None


def split(tokenizer: Any, splitting: Splitting) -> None:  # noqa: ANN401 - its parts can be set, which its type does not say
    """Let a `tokenizers.Tokenizer` split text so."""
    from tokenizers import Regex, normalizers, pre_tokenizers  # noqa: PLC0415 - see `read`

    if splitting.composed:
        tokenizer.normalizer = normalizers.NFC()
    parts: list[Any] = [pre_tokenizers.Digits(individual_digits=True)] if splitting.digits else []
    if splitting.pattern:
        parts.append(pre_tokenizers.Split(Regex(splitting.pattern), behavior="isolated"))
    parts.append(pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=not splitting.pattern))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(parts)
