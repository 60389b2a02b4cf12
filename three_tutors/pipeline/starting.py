"""Start a stage or a command.

Each module that is run begins, before its imports, with

    if __name__ == "__main__":
        from three_tutors.pipeline.starting import start

        start("stages.split")

`start` answers `--help` and wrong arguments, looks for what the stage reads, and only then imports the module, under its own
name. So nothing heavy is loaded for a mistake, and Ctrl-C is one line at any moment, while libraries are imported too.
"""

from __future__ import annotations

import os
import signal
import sys

TYPE_CHECKING = False  # not imported: `typing` takes longer than all that is needed before the signals are taken over
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import NoReturn

SIGNALS = {int(signal.SIGINT): "Ctrl-C", int(signal.SIGTERM): "SIGTERM"}


def start(module: str, *, own_arguments: bool = False, reads_what_is_there: bool = False) -> NoReturn:
    """Run `main` of `module` and end the process: status 0, 1 after a sentence, 2 for wrong arguments, 130 after Ctrl-C.

    Args:
        module: Its full name.
        own_arguments: Whether a stage takes arguments that it reads itself.
        reads_what_is_there: Whether a stage does without what is missing, and says so.

    """
    is_stage = module.startswith("stages.")
    stopping = Stopping(" Nothing half-written was kept; `dvc repro` goes on from here." if is_stage else "")
    import importlib  # noqa: PLC0415 - here and below: first the signals, then whatever takes time

    from three_tutors.pipeline.diagnostics import explained, leave_if_nobody_reads  # noqa: PLC0415
    from three_tutors.pipeline.text import let_streams_take_any_text  # noqa: PLC0415

    let_streams_take_any_text()
    try:
        if is_stage:
            from three_tutors.pipeline.usage import check  # noqa: PLC0415

            check(module, sys.argv[1:], own_arguments=own_arguments, reads_what_is_there=reads_what_is_there)
        main = importlib.import_module(module).main
        said = stopping.watched(lambda: explained(main))
    except (BrokenPipeError, SystemExit):
        leave_if_nobody_reads()
        raise
    leave_if_nobody_reads()
    if not said:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # all is written; a Ctrl-C while Python tidies up would only look like a failure
    sys.exit(said or 0)


class Stopping:
    """What Ctrl-C and SIGTERM do.

    While libraries are imported nothing is at stake: the process ends at once. Later they interrupt `main`, which cleans up;
    what it raises then is not shown. A second signal ends the process at once.
    """

    def __init__(self, advice: str) -> None:
        """Take the signals over, but for those that this process was started to ignore; end the line with `advice`."""
        self._advice = advice
        self._interrupting = False
        self._stopped_by: int | None = None
        for number in SIGNALS:
            if signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, self._handle)

    def watched(self, work: Callable[[], str]) -> str:
        """Return what `work` does, which a signal interrupts; then nothing else is told."""
        failed = True
        try:
            self._interrupting = True
            said = work()
            failed = bool(said)
        except KeyboardInterrupt:  # also of a stage that hears signals itself, and stops when it may
            self._stopped_by = self._stopped_by or int(signal.SIGINT)
            raise
        finally:
            self._interrupting = False
            if failed and self._stopped_by is not None:
                sys.stdout.flush()
                self._end(self._stopped_by)
        return said

    def _handle(self, number: int, _: FrameType | None) -> None:
        if not self._interrupting or self._stopped_by is not None:
            self._end(number)
        self._stopped_by = number
        raise KeyboardInterrupt

    def _end(self, number: int) -> NoReturn:
        """End the process now: no thread is waited for, and no library is asked to clean up."""
        os.write(2, f"Stopped by {SIGNALS[number]}.{self._advice}\n".encode())
        os._exit(128 + number)
