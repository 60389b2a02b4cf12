"""An engine over the project's models: one thread that answers prompt after prompt."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import Any

import torch

from stages.language_model import base
from stages.local_openai.engine import Draw, End, Heard, ModelFiles, Token
from stages.tutoring.diagnostics import EndpointError


class PlainEngine:
    """Answers one prompt at a time with transformers."""

    def __init__(self, model: Any, tokenizer: Any) -> None:  # noqa: ANN401 - transformers types neither
        """Start the thread."""
        self.tokenizer = tokenizer
        self.context_length = int(model.config.max_position_embeddings)
        self._model = model
        self._waiting: queue.Queue[Any] = queue.Queue()
        self._thread = threading.Thread(target=self._work, daemon=True)
        self._thread.start()

    def start(self, prompt: list[int], draw: Draw, hear: Callable[[Heard], None]) -> Callable[[], None]:
        """See `Engine`."""
        stopped = threading.Event()
        self._waiting.put((prompt, draw, hear, stopped))
        return stopped.set

    def close(self) -> None:
        """End the thread after the reply in progress."""
        self._waiting.put(None)
        self._thread.join()

    def _work(self) -> None:
        while (one := self._waiting.get()) is not None:
            prompt, draw, hear, stopped = one
            try:
                self._reply(prompt, draw, hear, stopped)
            except RuntimeError as error:
                hear(EndpointError(f"The model failed: {error}"))

    @torch.inference_mode()
    def _reply(self, prompt: list[int], draw: Draw, hear: Callable[[Heard], None], stopped: threading.Event) -> None:
        generator = torch.Generator().manual_seed(draw.seed)
        ids, cache = torch.tensor([prompt]), None
        for _ in range(draw.max_tokens):
            if stopped.is_set():
                return
            out = self._model(input_ids=ids, past_key_values=cache, use_cache=True)
            cache = out.past_key_values
            logprobs = out.logits[0, -1].float().log_softmax(-1)
            if draw.temperature == 0:
                chosen = int(logprobs.argmax())
            else:
                probabilities = (logprobs / draw.temperature).softmax(-1)
                chosen = int(torch.multinomial(probabilities, 1, generator=generator))
            if chosen == self.tokenizer.eos_token_id:
                hear(End("stop"))
                return
            values, indices = logprobs.topk(draw.top_logprobs)
            hear(Token(chosen, float(logprobs[chosen]), tuple(zip(indices.tolist(), values.tolist(), strict=True))))
            ids = torch.tensor([[chosen]])
        hear(End("length"))


def load(files: ModelFiles) -> PlainEngine:
    """Load a model, its adapter merged into it."""
    model: Any = base.load_model(files.weights)
    if files.adapter is not None:
        from peft import PeftModel  # noqa: PLC0415 - only where there is an adapter

        model = PeftModel.from_pretrained(model, files.adapter).merge_and_unload()
    return PlainEngine(model, base.load_tokenizer(files.weights))
