"""Hand the words of a command over to the module that reads them.

`tutors floor --json` is `python -m three_tutors.trust.floor --json`: the module keeps its options, their help and their errors, and
nothing of it is loaded before it is needed. Help and completion ask the module's own parser.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import importlib
import io
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import click
from click.shell_completion import CompletionItem

from three_tutors.command import material, workspace
from three_tutors.pipeline.diagnostics import TutorError
from three_tutors.pipeline.starting import start

VALIDATE = "stages.validate"
SCALE = "three_tutors.scale.engine"
"""Reads from params.yaml how many processes check."""


@dataclass(frozen=True)
class Handed:
    """A command that another module carries out."""

    module: str
    summary: str
    """What it does, in one line of `tutors --help`."""
    example: str
    """A whole line that can be typed."""
    anywhere: bool = False
    """Whether it makes sense outside a workspace."""


class HandedCommand(click.Command):
    """A command whose words are read by the module that carries it out."""

    def __init__(self, name: str, handed: Handed) -> None:
        """Take no options of its own, not even `--help`."""
        super().__init__(name, short_help=handed.summary, add_help_option=False)
        self.handed = handed

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Keep every word as it is."""
        ctx.args = list(args)
        return []

    def invoke(self, ctx: click.Context) -> NoReturn:
        """Run the module with the words."""
        asks = bool({"-h", "--help"} & set(ctx.args))
        somewhere = self.handed.anywhere and (ctx.args or self.handed.module != VALIDATE)  # without files it checks the workspace's
        if not (somewhere or asks or workspace.is_workspace()):
            raise TutorError(workspace.NO_WORKSPACE)
        with _first_parser(functools.partial(_introduce, name=f"tutors {self.name}", example=self.handed.example)):
            hand_over(self.handed.module, ctx.args, f"tutors {self.name}")

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Return the options of the module's parser, or the choices of the option before; files where neither is asked."""
        parser = _parser(self.handed.module)
        actions = list(parser._actions) if parser else []  # noqa: SLF001 - argparse has no other list of its options
        before = ctx.args[-1] if ctx.args else ""
        for action in actions:
            if before in action.option_strings and action.nargs != 0:
                return [CompletionItem(str(one)) for one in action.choices or () if str(one).startswith(incomplete)] or _files(incomplete)
        if incomplete.startswith("-"):
            names = [(name, action.help or "") for action in actions for name in action.option_strings if name.startswith(incomplete)]
            return [CompletionItem(name, help=told) for name, told in names]
        choices = [str(one) for action in actions if not action.option_strings for one in action.choices or ()]
        return [CompletionItem(one) for one in choices if one.startswith(incomplete)] or _files(incomplete)


def hand_over(module: str, words: Sequence[str], name: str, *, reads_what_is_there: bool = False) -> NoReturn:
    """Run `main` of `module` as if it were called with `words`, and end the process with its status.

    A stage is the one of the workspace here, which may have been changed there. Outside of any, `tutors validate FILE` checks
    files with the library's stage and the limits that a new workspace has.
    """
    sys.argv = [name, *words]
    if module.startswith("stages."):
        _find_stages()
        if module == VALIDATE and words and not Path("params.yaml").exists():
            for reader in map(importlib.import_module, (module, SCALE)):
                vars(reader)["read"] = functools.partial(vars(reader)["read"], path=material.root() / "params.yaml")
    try:
        start(module, own_arguments=module == VALIDATE, reads_what_is_there=reads_what_is_there)
    except SystemExit as end:
        if isinstance(end.code, str):
            end.code = _as_typed_here(end.code)
        raise


def _as_typed_here(error: str) -> str:
    """Return an error that names commands which work wherever `tutors` does: `dvc` may not be on the PATH, nor a Makefile be there."""
    return error.replace("`dvc repro", "`tutors run").replace("`make repro`", "`tutors run`")


def _find_stages() -> None:
    """Let Python find `stages` here, or else the library's own."""
    sys.path.insert(0, str(Path().absolute() if workspace.is_workspace() else material.root()))


def _introduce(parser: argparse.ArgumentParser, name: str, example: str) -> None:
    """Let help and errors name the command that was typed, and end the help with an example."""
    parser.prog = name
    parser.epilog = f"Example: {example}"


@contextlib.contextmanager
def _first_parser(change: functools.partial[None]) -> Iterator[None]:
    """Call `change` with the first parser that reads words meanwhile."""
    original, waiting = argparse.ArgumentParser.parse_args, [change]

    def parse_args(self: argparse.ArgumentParser, *given: object, **named: object) -> object:
        if waiting:
            waiting.pop()(self)
        return original(self, *given, **named)

    argparse.ArgumentParser.parse_args = parse_args  # type: ignore[method-assign,assignment]
    try:
        yield
    finally:
        argparse.ArgumentParser.parse_args = original  # type: ignore[method-assign]


def _parser(module: str) -> argparse.ArgumentParser | None:
    """Return the parser with which `module` reads its words; None where it has none, or cannot be loaded."""
    met: list[argparse.ArgumentParser] = []
    if module.startswith("stages."):
        _find_stages()
    sys.argv = ["tutors", "--help"]
    refused = contextlib.suppress(SystemExit, ImportError, TutorError)
    with _first_parser(functools.partial(met.append)), contextlib.redirect_stdout(io.StringIO()), refused:
        importlib.import_module(module).main()
    return met[0] if met else None


def _files(incomplete: str) -> list[CompletionItem]:
    return [CompletionItem(incomplete, type="file")]
