"""A field is declared once: a new one in the lesson is found everywhere."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT
from tests.copied import copy_code
from tests.written import DIALOGUE, OTHER, dialogue, write

DECLARED = '    textbook: Annotated[str, Field("The textbook that the lesson serves.", most=20)] = ""\n'
"""The only edit; `python -m three_tutors.checking.schema` then writes it into the schema for editors."""
THIRD = OTHER | {
    "id": "shadows-at-noon",
    "topic": "Shadows at noon",
    "objective": "Say where a shadow falls from where the light comes from.",
    "misconception": "A shadow is always as long as its owner.",
    "answer": ["it is shorter"],
    "turns": [
        {"student": "my shadow has to be as long as me, no?", "understanding": "wrong"},
        {"teacher": "Measure yours now and again at noon. Which one do you think wins?", "strategy": "socratic_questioning"},
    ],
}


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a copy of the library with one more field in the lesson, and three dialogues of which one says it."""
    folder = tmp_path_factory.mktemp("project")
    copy_code(folder, "stages", "three_tutors")
    for name in ("params.yaml", "data/raw/prices.yaml"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    declaration = folder / "three_tutors/tutoring/dialogue.py"
    before, after = declaration.read_text(encoding="utf-8").split("\n\n@dataclass(frozen=True)\nclass Origin:\n")
    declaration.write_text(f"{before}{DECLARED}\n\n@dataclass(frozen=True)\nclass Origin:\n{after}", encoding="utf-8")
    for one in (dialogue(textbook="4.NF.3"), OTHER, THIRD):
        write(folder / "data/raw", one)
    git(folder, "init", "-q")
    git(folder, "add", "data")
    git(folder, "-c", "user.name=a", "-c", "user.email=a@example.org", "commit", "-qm", "Three dialogues")
    return folder


def git(folder: Path, *words: str) -> None:
    """Run Git in `folder`."""
    subprocess.run(["git", *words], cwd=folder, check=True, capture_output=True)


def python(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run Python in `folder`, with the project's own code."""
    environment = os.environ | {"PYTHONPATH": str(folder), "PYTHONDONTWRITEBYTECODE": ""}
    return subprocess.run([sys.executable, *words], cwd=folder, capture_output=True, text=True, check=False, env=environment)


def ran(folder: Path, *words: str) -> str:
    """Run Python in `folder` and return what it printed."""
    done = python(folder, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_gate_takes_it_and_checks_it(project: Path, tmp_path: Path) -> None:
    """A lesson may say it; of another type or too long it is refused with line and column, and editors are told the same."""
    broken = [write(tmp_path, dialogue(id=f"broken-{number}", textbook=value)) for number, value in enumerate((["4"], "4" * 21))]
    lines = python(project, "-m", "stages.validate", *map(str, broken)).stdout.splitlines()
    assert [line.partition(": ")[2] for line in lines if "textbook" in line] == [
        "E103 textbook must be text, not a list (write the type the key takes)",
        "E106 textbook has 21 characters, at most 20 are allowed (bring it within the limits)",
    ]
    assert all(f"{path}:9:11" in "\n".join(lines) for path in broken)
    ran(project, "-m", "three_tutors.checking.schema")
    schema = json.loads((project / "data/raw/dialogue.schema.json").read_text(encoding="utf-8"))
    assert schema["properties"]["textbook"]["maxLength"] == 20


@pytest.mark.slow(4)
def test_it_goes_through_the_stages(project: Path) -> None:
    """The table of dialogues, the splits and the examples for DSPy carry it; a lesson that does not say it has none."""
    for stage in ("validate", "split", "render"):
        ran(project, "-m", f"stages.{stage}")
    for files in ("dialogues.jsonl", "splits/*.jsonl", "dspy/*.jsonl"):
        rows = [json.loads(line) for path in (project / "data/processed").glob(files) for line in path.read_text().splitlines()]
        assert {(row.get("dialogue", row["id"]), row["textbook"]) for row in rows} == {
            (DIALOGUE["id"], "4.NF.3"),
            (OTHER["id"], ""),
            (THIRD["id"], ""),
        }


def test_it_is_imported(project: Path, tmp_path: Path) -> None:
    """A file that names it keeps it; for the others the command line may say it."""
    messages = [{"role": "user", "content": "why is it cold"}, {"role": "assistant", "content": "Where do you feel it?"}]
    rows = [{"messages": messages, "textbook": "PS3"}, {"messages": messages}]
    (tmp_path / "chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    command = ["-m", "three_tutors.authoring.importing", str(tmp_path / "chats.jsonl"), "--from", "openai-chat", "--to", str(tmp_path)]
    ran(project, *command, "--subject", "physics", "--textbook", "PS1")
    written = [path.read_text(encoding="utf-8") for path in sorted((tmp_path / "physics").glob("*.yaml"))]
    assert ["textbook: PS3" in written[0], "textbook: PS1" in written[1]] == [True, True]


def test_a_change_of_it_is_told(project: Path) -> None:
    """The difference between two revisions names it with both values."""
    write(project / "data/raw", dialogue(textbook="4.NF.4"))
    assert "textbook: “4.NF.3” → “4.NF.4”" in ran(project, "-m", "three_tutors.authoring.difference", "HEAD")
    git(project, "checkout", "-q", "--", "data")


@pytest.mark.slow(4)
def test_the_data_set_is_described_with_it(project: Path) -> None:
    """The data card counts how many lessons say it, Croissant has it as a field, the form of the chat reads it."""
    script = """if True:
        from three_tutors.chat.forms import lesson
        from three_tutors.checking.gate import check
        from three_tutors.checking.inspecting import Limits
        from three_tutors.reporting.croissant import croissant
        from three_tutors.reporting.data_card import data_card
        from pathlib import Path
        import json
        found = check([Path("data/raw/dialogues")], Limits(max_turns=16, max_words=80, near_duplicate=0.6)).dialogues
        digests = dict.fromkeys(("dialogues.jsonl", "scenarios.jsonl", "moments.jsonl", "splits.csv"), "0" * 64)
        print(data_card(found, [], {}, {}))
        print(json.dumps(croissant(found, [], [], {}, digests)))
        print(lesson({"topic": ["Ice"], "textbook": ["PS3"]}))
    """
    printed = ran(project, "-c", script)
    assert "| `textbook` | The textbook that the lesson serves. | 1 of 3 |" in printed
    assert '"@id": "dialogues/textbook"' in printed
    assert "textbook='PS3'" in printed
