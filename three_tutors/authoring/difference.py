"""Say what changed in the dialogues between two Git revisions, and what that costs, for people who review it.

    python -m three_tutors.authoring.difference REV [REV2] [--format text|markdown]

Without REV2, REV is compared with the working tree. Prices and assumptions are those of the working tree on both sides, so
that the money differs only by the dialogues.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.authoring.difference")

import argparse
import sys
from pathlib import Path

from three_tutors.authoring.changes import difference
from three_tutors.authoring.difference_text import as_markdown, as_text
from three_tutors.authoring.making import making
from three_tutors.authoring.revisions import revision, working_tree


def main() -> None:
    """Read both revisions, compare them, print what changed."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.authoring.difference", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("before", metavar="REV", help="a Git revision, such as HEAD~1 or main")
    parser.add_argument("after", metavar="REV2", nargs="?", help="another one; without it, the working tree")
    parser.add_argument("--format", choices=["text", "markdown"], default="text", help="markdown is for a pull request")
    arguments = parser.parse_args(sys.argv[1:])
    root = Path()
    sides = (revision(arguments.before, root), revision(arguments.after, root) if arguments.after else working_tree(root))
    found = difference(*sides, [making(list(side.dialogues.values()), side.ledger) for side in sides])
    print(as_markdown(found) if arguments.format == "markdown" else as_text(found), end="")
