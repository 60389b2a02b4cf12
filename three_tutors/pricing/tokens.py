"""Count tokens as OpenAI bills them, offline.

tiktoken downloads its encodings. litellm, which is installed with DSPy, has the same files on disk.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from three_tutors.pipeline.diagnostics import DataError

if TYPE_CHECKING:
    import tiktoken

DEFAULT_ENCODING = "o200k_base"
"""Encoding of the gpt-4o, gpt-4.1 and gpt-5 families."""

# What the chat format adds to a text. Source: OpenAI Cookbook, "How to count tokens with tiktoken", and the same
# figures in "Data preparation and analysis for chat model fine-tuning".
TOKENS_A_MESSAGE = 3
TOKENS_OF_REPLY_START = 3

_CACHE_VARIABLES = ("TIKTOKEN_CACHE_DIR", "DATA_GYM_CACHE_DIR")


def count(text: str, encoding: str = DEFAULT_ENCODING) -> int:
    """Return the number of tokens of `text`; what looks like a special token counts as plain text.

    Raises:
        DataError: the encoding is unknown, or is not on disk and cannot be downloaded.

    """
    return len(_encoding(encoding).encode_ordinary(text))


def message_tokens(message: Mapping[str, Any], encoding: str = DEFAULT_ENCODING) -> int:
    """Return the tokens of one message in a prompt: its role, its content and its delimiters."""
    return TOKENS_A_MESSAGE + count(message["role"], encoding) + count(message["content"], encoding)


def chat_tokens(messages: Iterable[Mapping[str, Any]], encoding: str = DEFAULT_ENCODING) -> int:
    """Return the prompt tokens of a chat, the start of the reply included."""
    return sum(message_tokens(message, encoding) for message in messages) + TOKENS_OF_REPLY_START


def training_tokens(rows: Iterable[Mapping[str, Any]], encoding: str = DEFAULT_ENCODING) -> int:
    """Return the tokens of one epoch over OpenAI fine-tuning `rows`; every message is billed, learned or not."""
    return sum(chat_tokens(row["messages"], encoding) for row in rows)


@cache
def _encoding(name: str) -> tiktoken.Encoding:
    import tiktoken  # noqa: PLC0415 - slow to import, and many callers never count

    with _shipped_encodings():
        try:
            return tiktoken.get_encoding(name)
        except ValueError:
            known = ", ".join(tiktoken.list_encoding_names())
            raise DataError(f"The encoding {name!r} is unknown to tiktoken; it has {known}.") from None
        except OSError as error:
            raise DataError(
                f"The encoding {name!r} is not on disk and could not be fetched ({type(error).__name__}); "
                "use o200k_base or cl100k_base, or set TIKTOKEN_CACHE_DIR to a folder that holds it."
            ) from None


@contextlib.contextmanager
def _shipped_encodings() -> Iterator[None]:
    """Let tiktoken read the files in litellm's folder, unless the user chose another one.

    litellm is only located: importing it takes seconds and uses the network.
    """
    spec = importlib.util.find_spec("litellm")
    if spec is None or not spec.submodule_search_locations or any(name in os.environ for name in _CACHE_VARIABLES):
        yield
        return
    os.environ["TIKTOKEN_CACHE_DIR"] = str(Path(spec.submodule_search_locations[0]) / "litellm_core_utils" / "tokenizers")
    try:
        yield
    finally:
        os.environ.pop("TIKTOKEN_CACHE_DIR", None)
