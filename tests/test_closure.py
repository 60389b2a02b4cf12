from __future__ import annotations

from pathlib import Path

from tests.closure import closure, with_closures


def project(folder: Path) -> None:
    """Write a stage that imports a package module, which imports another one."""
    (folder / "stages/tutoring").mkdir(parents=True)
    for name, text in {
        "stages/__init__.py": "",
        "stages/tutoring/__init__.py": "",
        "stages/train.py": "from stages.tutoring import words\n",
        "stages/tutoring/words.py": "def f():\n    from stages.tutoring.numbers import one\n    return one\n",
        "stages/tutoring/numbers.py": "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import stages.tutoring.types\none = 1\n",
        "stages/tutoring/types.py": "",
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


def test_the_closure_follows_imports_of_imports(tmp_path: Path) -> None:
    """Imports inside functions count, type-checking imports and package files do not."""
    project(tmp_path)
    assert ["stages/train.py", "stages/tutoring/numbers.py", "stages/tutoring/words.py"] == closure("stages.train", tmp_path)


def test_dvc_yaml_gets_the_closure_and_keeps_the_rest(tmp_path: Path) -> None:
    """Code dependencies are replaced, data dependencies and comments stay."""
    project(tmp_path)
    before = (
        "# ours\nstages:\n  train:\n    cmd: python -m stages.train\n    deps:\n      - stages/train.py\n"
        "      - stages/gone.py\n      - data/rows\n"
    )
    after = before.replace("      - stages/gone.py\n", "      - stages/tutoring/numbers.py\n      - stages/tutoring/words.py\n")
    assert after == with_closures(before, tmp_path)
    assert after == with_closures(after, tmp_path)
