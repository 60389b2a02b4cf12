"""What the answering engine is for, beside transformers and llama.cpp on the same prompts in the same run.

    python -m tests.benchmarks.bench_generation

Tutors are compared by what they reply, so a reply must not depend on what else is being answered. `replies_changed_by_company`
counts 16 held-out prompts whose reply is another one when they are asked together instead of one by one. A later turn of a
conversation begins like the earlier ones, whose keys and values the engine keeps: `later_turn_seconds` is the time to its
first token, and `later_turn_seconds_without_earlier_turns` the same where nothing was kept. `memory_mb` is the peak of a process.

Speeds are new tokens a second, prompts included, at most 64 new tokens each: over 64 held-out prompts of all lengths, and over
32 prompts of about one length, which suits a padded batch best. Each contestant is a process of its own on the same cores, one
after the other, warmed up first: ours in bf16, transformers' greedy `generate` in bf16 with a batch of 32, llama.cpp through
xllamacpp with the embedded Q4 weights in 16 and 32 slots.
"""

from __future__ import annotations

import importlib.util
import json
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.benchmarks.bench_server import prompts as alike
from three_tutors.pipeline.records import Record, read_jsonl
from three_tutors.tutoring.formats import Message

if TYPE_CHECKING:
    from three_tutors.language_model.generate import Generator

ROOT = Path(__file__).parent.parent.parent
BASE = ROOT / "models/base"
TEST = ROOT / "data/processed/lora/test.jsonl"
PROMPTS = 64
TOKENS = 64
BATCH = 32
"""Prompts that transformers answers at once."""
WARM_UP: list[Message] = [{"role": "user", "content": "Hello"}]
COMPANY = 16
"""Prompts that are asked together and one by one."""
TURNS = 5
"""Later turns, of which the median is told."""

Reply = tuple[str, int]
"""Text and new tokens."""
Answer = Callable[[Sequence[list[Message]], int], list[Reply]]
"""Returns the replies to some prompts, of at most so many tokens."""


def measure() -> dict[str, Any]:
    """Return every contestant's figures."""
    names = ["ours", "transformers"]
    if importlib.util.find_spec("xllamacpp"):
        names += ["llama_cpp_16_slots", "llama_cpp_32_slots"]
    found = {name: _in_process(name) for name in names}
    return {
        "prompts": PROMPTS,
        "prompts_in_company": COMPANY,
        **found,
        "versions": {name: version(name) for name in ("torch", "transformers", *(["xllamacpp"] if len(names) > 2 else []))},
    }


def _in_process(name: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "tests.benchmarks.bench_generation", name]
    result = subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True)
    figures: dict[str, Any] = json.loads(result.stdout.strip().splitlines()[-1])
    return figures


def turns(rows: Sequence[Record]) -> list[list[list[Message]]]:
    """Return for each conversation what stands before each of its teacher turns, the opening left out."""
    return [
        [row["messages"][:index] for index, message in enumerate(row["messages"]) if message["role"] == "assistant" and index > 1]
        for row in rows
    ]


def held_out() -> list[list[Message]]:
    """Return the prompts that speed is measured with."""
    return [said for conversation in turns(read_jsonl(TEST)) for said in conversation][:PROMPTS]


def speeds(answer: Answer) -> dict[str, float]:
    """Return new tokens a second over both sets of prompts."""
    figures = {}
    for name, said in (("tokens_per_second", held_out()), ("one_length_tokens_per_second", alike())):
        started = time.perf_counter()
        made = sum(tokens for _, tokens in answer(said, TOKENS))
        figures[name] = round(made / (time.perf_counter() - started), 1)
    return figures


def changed_by_company(answer: Answer) -> int:
    """Return how many replies differ between all prompts at once and one by one."""
    said = held_out()[:COMPANY]
    return sum(reply != answer([one], TOKENS)[0] for one, reply in zip(said, answer(said, TOKENS), strict=True))


def seconds(answer: Answer, conversations: Sequence[list[list[Message]]]) -> float:
    """Return the time to the first token of each conversation's last turn, the median of them."""
    times = []
    for conversation in conversations:
        started = time.perf_counter()
        answer(conversation[-1:], 1)
        times.append(time.perf_counter() - started)
    return round(statistics.median(times), 3)


def engine() -> tuple[Generator, Answer]:
    """Load our engine, warmed up."""
    from three_tutors.language_model.generate import Generator  # noqa: PLC0415 - each process loads its own
    from three_tutors.language_model.replies import Options  # noqa: PLC0415

    generator = Generator(BASE)

    def answer(said: Sequence[list[Message]], tokens: int) -> list[Reply]:
        return [(reply.text, reply.completion_tokens) for reply in generator.replies(said, Options(max_tokens=tokens))]

    answer([WARM_UP], 2)
    return generator, answer


def ours() -> dict[str, Any]:
    """Return the engine's figures, and the seconds that the likelihoods of all held-out turns take."""
    from three_tutors.language_model.likelihood import likelihood  # noqa: PLC0415 - see `engine`

    generator, answer = engine()
    rows = read_jsonl(TEST)
    later = [conversation for conversation in turns(rows) if len(conversation) > 1][-TURNS:]
    figures: dict[str, Any] = {**speeds(answer), "memory_mb": memory(), "replies_changed_by_company": changed_by_company(answer)}
    for conversation in later:
        answer(conversation[:-1], 1)
    figures["later_turn_seconds"] = seconds(answer, later)
    started = time.perf_counter()
    likelihood(generator, rows)
    figures["likelihood_seconds"] = round(time.perf_counter() - started, 1)
    figures["likelihood_turns"] = sum(message["role"] == "assistant" for row in rows for message in row["messages"])
    del generator, answer
    return figures | {"later_turn_seconds_without_earlier_turns": seconds(engine()[1], later)}


def transformers() -> dict[str, Any]:
    """Return the figures of transformers' own generation; ends of turn are counted as ours are."""
    import torch  # noqa: PLC0415 - see `engine`

    from three_tutors.language_model import base, chat_template  # noqa: PLC0415

    model, tokenizer = base.load_model(BASE), base.load_tokenizer(BASE)
    tokenizer.padding_side = "left"

    @torch.inference_mode()
    def answer(said: Sequence[list[Message]], tokens: int) -> list[Reply]:
        replies: list[Reply] = []
        for first in range(0, len(said), BATCH):
            texts = [chat_template.render(tokenizer, one, reply=True) for one in said[first : first + BATCH]]
            encoded = tokenizer(texts, return_tensors="pt", padding=True, add_special_tokens=False)
            new = model.generate(**encoded, max_new_tokens=tokens, do_sample=False)[:, encoded["input_ids"].shape[1] :]
            ended = (new == tokenizer.eos_token_id).int()
            counts = (ended.cumsum(1) - ended == 0).sum(1).tolist()
            replies += zip(tokenizer.batch_decode(new, skip_special_tokens=True), counts, strict=True)
        return replies

    answer([WARM_UP], 2)
    later = [conversation for conversation in turns(read_jsonl(TEST)) if len(conversation) > 1][-TURNS:]
    figures: dict[str, Any] = {**speeds(answer), "memory_mb": memory(), "replies_changed_by_company": changed_by_company(answer)}
    return figures | {"later_turn_seconds": seconds(answer, later)}


def llama_cpp(slots: int) -> dict[str, Any]:
    """Return llama.cpp's speed and memory with `slots` slots."""
    import torch  # noqa: PLC0415 - see `engine`
    import xllamacpp  # noqa: PLC0415 - only where it is installed

    from three_tutors.language_model import base  # noqa: PLC0415

    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(base.embedded_gguf())
    parameters.n_ctx, parameters.n_parallel = 1024 * slots, slots
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = torch.get_num_threads()
    server = xllamacpp.Server(parameters)

    def answer(said: Sequence[list[Message]], tokens: int) -> list[Reply]:
        def ask(one: list[Message]) -> Reply:
            reply = server.handle_chat_completions({"messages": one, "max_tokens": tokens, "temperature": 0})
            return str(reply["choices"][0]["message"]["content"]), int(reply["usage"]["completion_tokens"])

        with ThreadPoolExecutor(slots) as pool:
            return list(pool.map(ask, said))

    answer([WARM_UP], 2)
    return {**speeds(answer), "memory_mb": memory()}


def memory() -> int:
    """Return the peak of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main() -> None:
    """Measure everything, or print one contestant's figures for the process that asked."""
    name = sys.argv[1] if len(sys.argv) > 1 else ""
    ways = {"": measure, "ours": ours, "transformers": transformers}
    print(json.dumps(ways[name]() if name in ways else llama_cpp(int(name.split("_")[2]))))


if __name__ == "__main__":
    main()
