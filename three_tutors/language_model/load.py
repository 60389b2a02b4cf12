"""Load a model to be trained or to answer: our own engine where it fits, transformers and peft for everything else."""

from __future__ import annotations

from pathlib import Path

from three_tutors.language_model import adapters, base
from three_tutors.language_model.backend import Backend
from three_tutors.language_model.learner import ExampleLearner
from three_tutors.language_model.llama import vector_maths
from three_tutors.language_model.llama.backend import LlamaBackend
from three_tutors.language_model.llama.families import fits
from three_tutors.language_model.llama.learner import LlamaLearner
from three_tutors.language_model.peft_learner import PeftLearner
from three_tutors.language_model.settings import Settings, on_gpu
from three_tutors.language_model.transformers_backend import TransformersBackend


def load_learner(folder: Path, settings: Settings) -> ExampleLearner:
    """Load the model in `folder` for training.

    Raises:
        TutorError: there is no model.
        ParamsError: bitsandbytes or a GPU is asked for and is not there.

    """
    vector_maths.settle()
    config = base.load_config(folder)
    plain = settings.lora is None or (settings.lora.precision == "bf16" and not settings.lora.dora)
    if fits(config) and (folder / base.WEIGHTS).exists() and plain and not on_gpu(settings.device):
        return LlamaLearner(folder, config, settings)
    return PeftLearner(folder, settings)


def load_backend(folder: Path, adapter: Path | None, slots: int, context: int) -> Backend:
    """Load the model in `folder` for answering, with `adapter` merged into its weights.

    Raises:
        TutorError: there is no model, or the adapter belongs to another base.

    """
    vector_maths.settle()
    config = base.load_config(folder)
    if adapter is not None:
        adapters.check(adapter, folder)
    if fits(config) and (folder / base.WEIGHTS).exists() and (adapter is None or adapters.is_plain(adapter)):
        return LlamaBackend(folder, config, adapter, slots, context)
    return TransformersBackend(folder, adapter, slots, context)
