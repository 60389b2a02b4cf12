"""The README says what the files say."""

from __future__ import annotations

import re
from pathlib import Path

from ruamel.yaml import YAML

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_stage_table_is_dvc_yaml() -> None:
    """Each stage stands in the README with its description, in the order of the pipeline."""
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    expected = [(name, stage.get("do", stage)["desc"]) for name, stage in stages.items()]
    assert expected == re.findall(r"^\| `(\w+)` \| ([A-Z].*\.) \|$", README, flags=re.MULTILINE)


def test_every_make_target_in_the_readme_exists() -> None:
    """A command that is documented can be typed."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    documented = set(re.findall(r"`make ([a-z-]+)`", README)) | set(re.findall(r"^make ([a-z-]+)", README, flags=re.MULTILINE))
    assert documented <= targets


def test_every_module_in_the_readme_exists() -> None:
    """A `python -m` command that is documented names a module that is there."""
    modules = set(re.findall(r"python -m (stages[\w.]*)", README))
    paths = [ROOT / module.replace(".", "/") for module in modules]
    assert [str(path) for path in paths if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists()] == []
