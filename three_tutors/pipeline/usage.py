"""How a stage is called: its arguments and what it reads, held against dvc.yaml before anything of it is loaded."""

from __future__ import annotations

import ast
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

from three_tutors.pipeline.contents import CONTENTS, Entry, entries, left_out, maker

WRONG_ARGUMENTS = 2
"""Exit status for arguments that a stage does not take."""


def check(module: str, words: Sequence[str], *, own_arguments: bool = False, reads_what_is_there: bool = False) -> None:
    """Answer `--help`, refuse arguments that the stage does not take, and name the stage that makes what is missing.

    Args:
        module: The stage's module.
        words: Its arguments.
        own_arguments: Whether it reads them itself; with some it reads other files than dvc.yaml says.
        reads_what_is_there: Whether it does without what is missing.

    Raises:
        SystemExit: one of these was done; the stage is not to run.

    """
    spec = find_spec(module)
    source = Path(spec.origin if spec and spec.origin else module)
    contents = entries(source.parent.parent / CONTENTS)  # dvc.yaml lies beside stages/
    own = [one for one in contents if one.stage == module.rpartition(".")[2]]
    names = [one.argument for one in own if one.argument is not None]
    if {"-h", "--help"} & set(words):
        absent = None if own else left_out(module.rpartition(".")[2], source.parent.parent / CONTENTS)
        print(_help(module, source, [absent] if absent else own, names))
        sys.exit(0)
    if contents and not own:
        _refuse(f"{module} is not in the run: what dvc.yaml repeats it for is an empty list in params.yaml.")
    if not own_arguments:
        _check_arguments(module, words, names)
    if not (reads_what_is_there or (own_arguments and words)):
        _check_inputs([path for one in own if one.argument in (None, *words) for path in one.reads], contents)


def _check_arguments(module: str, words: Sequence[str], names: Sequence[str]) -> None:
    given = f"it was given `{' '.join(words)}`" if words else "it was given none"
    if names and not (len(words) == 1 and words[0] in names):
        _refuse(f"{module} takes one of {', '.join(names)}; {given}.")
    if not names and words:
        _refuse(f"{module} takes no arguments, and {given}; `--help` says what it does.")


def _check_inputs(reads: Sequence[str], contents: Sequence[Entry]) -> None:
    for path in reads:
        if not Path(path).exists():
            stage = maker(path, contents)
            sys.exit(f"error: {path} is missing; " + (f"run `dvc repro {stage}`, which makes it." if stage else "restore it from Git."))


def _help(module: str, source: Path, own: Sequence[Entry], names: Sequence[str]) -> str:
    """Return what a stage does, how it is called, and what it reads and writes."""
    documentation = ast.get_docstring(ast.parse(source.read_bytes())) or ""
    usage = [] if "\n" in documentation else [f"    python -m {module} {'|'.join(names)}".rstrip()]
    lists = {"Reads": [path for one in own for path in one.reads], "Writes": [path for one in own for path in one.writes]}
    listed = ["\n    ".join([title, *dict.fromkeys(paths)]) for title, paths in lists.items() if paths]
    return "\n\n".join([documentation, *usage, *listed])


def _refuse(sentence: str) -> NoReturn:
    print(f"error: {sentence}", file=sys.stderr)
    sys.exit(WRONG_ARGUMENTS)
