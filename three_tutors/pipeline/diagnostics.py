"""What went wrong, where, and what to do about it.

The few exceptions of this project:

    TutorError                  a sentence for a person; `stages` print it and exit with status 1
    ├── ParamsError             params.yaml does not say what a stage needs
    ├── DataError               a dialogue, scenario, price or processed file is not as it must be
    └── EndpointError           a chat or fine-tuning endpoint refused, failed or could not be reached
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from three_tutors.pipeline.text import let_streams_take_any_text

Severity = Literal["error", "warning"]


class TutorError(Exception):
    """A failure explained in one sentence: what happened, where, and what to do."""


class ParamsError(TutorError):
    """params.yaml has an unknown, missing or impossible value."""


class DataError(TutorError):
    """A file of the data set is not as it must be; holds every problem found, not the first one."""

    def __init__(self, message: str, problems: Iterable[Problem] = ()) -> None:
        """Keep the sentence and, where there are any, the located problems behind it."""
        super().__init__(message)
        self.problems = tuple(problems)


class EndpointError(TutorError):
    """An endpoint refused, failed or could not be reached; says which and what to do."""


@dataclass(frozen=True, order=True, slots=True)
class Problem:
    """One finding in one place of one file. Sorts by file, line and column."""

    path: str
    """File, relative to the project where it lies inside it."""
    line: int
    """Line, counted from 1."""
    column: int
    """Column, counted from 1."""
    code: str
    """Stable code such as `E101`; the letter is the severity."""
    message: str
    """What is wrong, as a sentence."""
    hint: str = ""
    """What to do about it."""

    @property
    def severity(self) -> Severity:
        """`error` stops the pipeline, `warning` is counted."""
        return "error" if self.code.startswith("E") else "warning"

    def __str__(self) -> str:
        """Return `path:line:col: CODE message (hint)`, which editors turn into a link."""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{self.path}:{self.line}:{self.column}: {self.code} {self.message}{hint}"


def run(main: Callable[[], object]) -> None:
    """Run a stage's `main`; turn what can go wrong outside our code into one sentence and status 1.

    A full disk, a missing file and Ctrl-C are the user's to mend, so they get no traceback. A bug does.
    """
    let_streams_take_any_text()
    try:
        main()
    except KeyboardInterrupt:
        sys.exit("Stopped by Ctrl-C. Nothing half-written was kept; `dvc repro` goes on from here.")
    except DataError as error:
        for problem in error.problems:
            print(problem, file=sys.stderr)
        sys.exit(f"error: {error}")
    except TutorError as error:
        sys.exit(f"error: {error}")
    except FileNotFoundError as error:
        sys.exit(f"error: {error.filename} is missing. Run `dvc repro`, which makes what a stage needs before it.")
    except OSError as error:
        where = f" ({error.filename})" if error.filename else ""
        sys.exit(f"error: {error.strerror or error}{where}. Nothing half-written was kept; mend it and run `dvc repro` again.")
