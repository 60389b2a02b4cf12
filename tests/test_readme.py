"""The README and docs/ say what the files say."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import click
import pytest
from ruamel.yaml import YAML

from three_tutors.command.app import tutors

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
DOCS = ["README.md", *sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").glob("*.md"))]


def test_the_stage_table_is_dvc_yaml() -> None:
    """Each stage stands in the README with its description, in the order of the pipeline."""
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    expected = [(name, stage.get("do", stage)["desc"]) for name, stage in stages.items()]
    assert expected == re.findall(r"^\| `(\w+)` \| ([A-Z].*\.) \|$", README, flags=re.MULTILINE)


def test_the_readme_stays_short() -> None:
    """What does not fit stands in docs/, and the README links to each page there."""
    assert len(README.splitlines()) < 250
    assert [page for page in DOCS[1:] if f"]({page})" not in README] == []


@pytest.mark.parametrize("name", DOCS)
def test_every_make_target_that_is_named_exists(name: str) -> None:
    """A command that is documented can be typed."""
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    assert set(re.findall(r"(?:^|`)make ([a-z-]+)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE)) <= targets


@pytest.mark.parametrize("name", [*DOCS, "CONTRIBUTING.md", "three_tutors/command/workspace/README.md"])
def test_every_command_of_tutors_that_is_named_exists(name: str) -> None:
    """`tutors NAME` is a command."""
    named = set(re.findall(r"(?:^|`|\(|&& )tutors ([a-z]+)", (ROOT / name).read_text(encoding="utf-8"), flags=re.MULTILINE))
    assert named <= set(tutors.list_commands(click.Context(tutors)))


@pytest.mark.parametrize("name", DOCS)
def test_every_link_leads_to_a_file(name: str) -> None:
    """A link that is no address leads to a file of the repository."""
    links = re.findall(r"\]\((?!https?://|#)([^)#]+)", (ROOT / name).read_text(encoding="utf-8"))
    assert [link for link in links if not (ROOT / name).parent.joinpath(link).exists()] == []


@pytest.mark.parametrize("name", [*DOCS, "CONTRIBUTING.md", "CHANGELOG.md", "data/raw/README.md", "params.yaml", "Makefile"])
def test_every_module_that_is_named_exists(name: str) -> None:
    """A `python -m` command that is documented names a module that runs; the changelog names old commands beside the new ones."""
    named = set(re.findall(r"python -m ((?:stages|three_tutors)[\w.]*\w)", (ROOT / name).read_text(encoding="utf-8")))
    if name == "CHANGELOG.md":
        named = {module for module in named if module.startswith("three_tutors")}
    paths = [ROOT / module.replace(".", "/") for module in sorted(named)]
    assert [str(path) for path in paths if not path.with_suffix(".py").exists() and not (path / "__main__.py").exists()] == []


@pytest.mark.parametrize("name", [*DOCS, "CONTRIBUTING.md", "data/raw/README.md"])
def test_every_file_that_is_named_exists(name: str) -> None:
    """A path in a document leads somewhere."""
    named = re.findall(r"`((?:stages|three_tutors|tests|docs|data/raw)/[\w./-]*\w)/?`", (ROOT / name).read_text(encoding="utf-8"))
    made = {"data/raw/preferences.jsonl"}
    assert [path for path in named if path not in made and not (ROOT / path).exists()] == []


def test_every_room_is_where_the_docs_say() -> None:
    """“Where things are” lists each room of the library, and no other."""
    listed = (ROOT / "docs/code.md").read_text(encoding="utf-8").split("\nthree_tutors/ ")[1].split("\ntests/")[0]
    rooms = sorted(path.parent.name for path in (ROOT / "three_tutors").glob("*/__init__.py"))
    assert rooms == sorted(room for line in listed.splitlines()[1:] for room in re.findall(r"(\w+)/ ", line[:37]))


def test_line_ends_stay_as_they_are(tmp_path: Path) -> None:
    """A clone on Windows, where Git may write carriage returns, has the bytes that dvc.lock knows."""
    shutil.copy(ROOT / ".gitattributes", tmp_path)
    (tmp_path / "a.yaml").write_bytes(b"id: a\nsubject: b\n")
    git = ["git", "-C", str(tmp_path), "-c", "core.autocrlf=true", "-c", "user.name=a", "-c", "user.email=a"]
    for command in (["init", "-q"], ["add", "."], ["commit", "-qm", "a"], ["rm", "-q", "--cached", "a.yaml"], ["reset", "-q", "--hard"]):
        subprocess.run([*git, *command], check=True)
    assert (tmp_path / "a.yaml").read_bytes() == b"id: a\nsubject: b\n"
