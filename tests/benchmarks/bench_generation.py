"""How fast held-out prompts are answered, beside llama.cpp and transformers, and how long likelihoods take.

    python -m tests.benchmarks.bench_generation

The same prompts, 64 new tokens each, one contestant after the other on the same cores: ours in bf16 and 32 slots,
transformers' greedy `generate` in bf16 with a batch of 32, llama.cpp through xllamacpp with the embedded Q4 weights in
16 and 32 slots. Each is warmed up first; speeds are new tokens a second over all prompts, prompts included.
"""

from __future__ import annotations

import importlib.util
import json
import time
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import Any

import torch

from three_tutors.language_model import base, chat_template
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.likelihood import likelihood
from three_tutors.language_model.replies import Options
from three_tutors.pipeline.records import Record, read_jsonl
from three_tutors.tutoring.formats import Message

ROOT = Path(__file__).parent.parent.parent
BASE = ROOT / "models/base"
TEST = ROOT / "data/processed/lora/test.jsonl"
PROMPTS = 64
TOKENS = 64


def measure() -> dict[str, Any]:
    """Return new tokens a second of each, and ours as a multiple of llama.cpp's best."""
    rows = read_jsonl(TEST)
    said = prompts(rows)[:PROMPTS]
    own, seconds = ours(said, rows)
    figures: dict[str, Any] = {
        "prompts": len(said),
        "new_tokens": TOKENS,
        "tokens_per_second": round(own),
        "transformers_tokens_per_second": round(transformers_generate(said)),
        "likelihood_seconds": round(seconds, 1),
        "likelihood_turns": sum(message["role"] == "assistant" for row in rows for message in row["messages"]),
    }
    if importlib.util.find_spec("xllamacpp"):
        peers = {slots: llama_cpp(said, slots) for slots in (16, 32)}
        figures |= {f"llama_cpp_{slots}_slots_tokens_per_second": round(speed) for slots, speed in peers.items()}
        figures |= {"times_llama_cpp": round(own / max(peers.values()), 1), "xllamacpp": version("xllamacpp")}
    return figures


def prompts(rows: list[Record]) -> list[list[Message]]:
    """Return the conversation before every teacher turn."""
    return [
        row["messages"][:index]
        for row in rows
        for index, message in enumerate(row["messages"])
        if message["role"] == "assistant" and index > 1
    ]


def ours(said: list[list[Message]], rows: list[Record]) -> tuple[float, float]:
    """Return our speed, and the seconds that the likelihoods of all held-out turns take."""
    generator = Generator(BASE)
    generator.answer([[{"role": "user", "content": "Hello"}]], Options(max_tokens=2))
    started = time.perf_counter()
    answers = generator.answer(said, Options(max_tokens=TOKENS))
    speed = sum(answer.completion_tokens for answer in answers) / (time.perf_counter() - started)
    started = time.perf_counter()
    likelihood(generator, rows)
    return speed, time.perf_counter() - started


def transformers_generate(said: list[list[Message]], batch: int = 32) -> float:
    """Return the speed of transformers' own generation; ends of turn are counted as ours are."""
    model, tokenizer = base.load_model(BASE), base.load_tokenizer(BASE)
    tokenizer.padding_side = "left"
    made, started = 0, time.perf_counter()
    for first in range(0, len(said), batch):
        texts = [chat_template.render(tokenizer, one, reply=True) for one in said[first : first + batch]]
        encoded = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
        with torch.inference_mode():
            new = model.generate(**encoded, max_new_tokens=TOKENS, do_sample=False)[:, encoded["input_ids"].shape[1] :]
        made += int((new != tokenizer.pad_token_id).sum())
    return made / (time.perf_counter() - started)


def llama_cpp(said: list[list[Message]], slots: int) -> float:
    """Return llama.cpp's speed with `slots` slots."""
    import xllamacpp  # noqa: PLC0415 - only where it is installed

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(base.embedded_gguf())
    parameters.n_ctx, parameters.n_parallel = 1024 * slots, slots
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = torch.get_num_threads()
    server = xllamacpp.Server(parameters)

    def ask(one: list[Message]) -> int:
        reply = server.handle_chat_completions({"messages": one, "max_tokens": TOKENS, "temperature": 0})
        return int(reply["usage"]["completion_tokens"])

    ask(said[0])
    started = time.perf_counter()
    with ThreadPoolExecutor(slots) as pool:
        made = sum(pool.map(ask, said))
    return made / (time.perf_counter() - started)


if __name__ == "__main__":
    print(json.dumps(measure()))
