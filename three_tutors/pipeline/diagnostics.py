"""What went wrong, where, and what to do about it.

The few exceptions of this project:

    TutorError                  a sentence for a person; `stages` print it and exit with status 1
    ├── ParamsError             params.yaml does not say what a stage needs
    ├── DataError               a dialogue, scenario, price or processed file is not as it must be
    └── EndpointError           a chat or fine-tuning endpoint refused, failed or could not be reached
"""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Literal

from three_tutors.pipeline.contents import entries, maker

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


def explained(main: Callable[[], object]) -> str:
    """Run `main`; return what went wrong outside our code as a person is told it, empty where all went well.

    A full disk and a missing file are the user's to mend, so they get no traceback. A bug does.
    """
    try:
        main()
    except DataError as error:
        return "".join(f"{problem}\n" for problem in error.problems) + f"error: {error}"
    except TutorError as error:
        return f"error: {error}"
    except FileNotFoundError as error:
        if error.filename is None:  # a library's own words
            return f"error: {error}"
        stage = maker(str(error.filename), entries())
        return f"error: {error.filename} is missing" + (f"; run `dvc repro {stage}`, which makes it." if stage else ".")
    except OSError as error:
        leave_if_nobody_reads()
        where = f" ({error.filename})" if error.filename else ""
        return f"error: {error.strerror or error}{where}. Nothing half-written was kept; mend it and run `dvc repro` again."
    return ""


def leave_if_nobody_reads() -> None:
    """End the process where the reader of its output is gone, such as `head` after its lines; Python would complain of the rest."""
    try:
        sys.stdout.flush()
        poll = select.poll()
        poll.register(sys.stdout.fileno(), 0)
        gone = any(happened & select.POLLERR for _, happened in poll.poll(0))
    except BrokenPipeError:
        gone = True
    except (AttributeError, OSError, ValueError):  # Windows has no poll; a test's output has no file
        gone = False
    if gone:
        os._exit(128 + signal.SIGPIPE)
