"""docs/scale.md and the cluster file beside it say what works."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import get_args

import pytest
from ruamel.yaml import YAML

from stages.answer import Params
from three_tutors.language_model.processes import Launcher
from three_tutors.pipeline.params import read

ROOT = Path(__file__).parent.parent
PAGE = (ROOT / "docs/scale.md").read_text(encoding="utf-8")
CLUSTER = ROOT / "docs/cluster.yaml"


def test_the_cluster_file_is_one_that_rays_launcher_takes() -> None:
    """Ray's own check accepts it, with as many workers as it names."""
    util = pytest.importorskip("ray.autoscaler._private.util", reason="Ray's schema comes with the extra `scale`")
    config = YAML(typ="safe").load(CLUSTER)
    prepared = util.prepare_config(config)
    util.validate_config(prepared)
    assert prepared["max_workers"] == len(config["provider"]["worker_ips"])


def test_settings_on_the_page_are_settings() -> None:
    """What the page says of params.yaml can be written there."""
    section = YAML(typ="safe").load(re.findall(r"```yaml\n(answer:.*?)```", PAGE, flags=re.DOTALL)[0])
    known = YAML(typ="safe").load(ROOT / "params.yaml")
    assert {name for one in section.values() for name in one} <= set(known["answer"])
    for section_name, key in re.findall(r"`(answer|dspy|judge|openai|lora|split)\.(\w+)", PAGE):
        assert key in known[section_name]
    assert set(re.findall(r"`lora\.launcher: (\w+)`", PAGE)) <= set(get_args(Launcher))


def test_a_list_of_addresses_is_read(tmp_path: Path) -> None:
    """The example is valid as it stands."""
    text = re.findall(r"```yaml\n(answer:.*?)```", PAGE, flags=re.DOTALL)[0]
    path = tmp_path / "params.yaml"
    path.write_text(text + "  max_tokens: 80\n  temperature: 0.0\n  seed: 1\n", encoding="utf-8")
    assert len(read("answer", Params, path).base_url) == 2


def test_extras_on_the_page_exist() -> None:
    """What is to be installed is declared."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert set(re.findall(r"\[([a-z-]+)\]'", PAGE)) <= set(extras)
