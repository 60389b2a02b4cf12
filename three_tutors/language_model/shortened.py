"""The first layers of a model as a model of its own, for reading its states where they still hold what was said.

The last layers prepare the next token; what a text is about and whether it fits is told best by those in the middle (Skean et al. 2025,
"Layer by Layer: Uncovering Hidden Representations in Language Models"). Fewer layers also cost less.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from three_tutors.language_model import base
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.records import read_json, write_json


def layers_of(folder: Path) -> int:
    """Return how many layers the model in `folder` has.

    Raises:
        TutorError: there is no model.

    """
    return int(base.load_config(folder).num_hidden_layers)


def shortened(folder: Path, layers: int, into: Path) -> Path:
    """Write a model of the first `layers` of the one in `folder` to the folder `into` and return it; weights are linked, not copied.

    Raises:
        TutorError: there is no model in `folder`, or it has fewer layers.

    """
    if not 0 < layers <= (whole := layers_of(folder)):
        raise TutorError(f"{folder} has {whole} layers; its first {layers} cannot be taken.")
    into.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.iterdir()):
        link = into / path.name
        link.unlink(missing_ok=True)
        if path.is_file() and path.name != "config.json":
            link.symlink_to(path.resolve())
    write_json(into / "config.json", _cut(read_json(folder / "config.json"), whole, layers))
    return into


def _cut(config: dict[str, Any], whole: int, layers: int) -> dict[str, Any]:
    """Shorten the number of layers and every list that has an entry for each."""
    cut = {name: value[:layers] if isinstance(value, list) and len(value) == whole else value for name, value in config.items()}
    return {**cut, "num_hidden_layers": layers}
