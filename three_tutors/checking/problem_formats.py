"""Print problems for people, programs, GitHub's annotations and code scanning."""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.checking.problem_formats")

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Literal, get_args
from urllib.parse import quote

from three_tutors.checking.codes import CODES, TABLE
from three_tutors.pipeline.diagnostics import Problem

Format = Literal["text", "json", "github", "sarif"]
MOST = 100
"""Problems of one code in one file that are printed; a file of thousands that are all alike is one mistake."""
FORMATS: tuple[Format, ...] = get_args(Format)


def formatted(problems: Sequence[Problem], how: Format, most: int = MOST, counts: Mapping[tuple[str, str], int] | None = None) -> str:
    """Return `problems` as text in one of the formats, `shortened` to `most`; without any, text and github are empty.

    `counts` says how many there are of each code in each file, where `problems` are only the first of them.
    """
    writers: dict[Format, Callable[[Sequence[Problem]], str]] = {"text": _text, "json": _json, "github": _github, "sarif": _sarif}
    return writers[how](shortened(problems, most, counts))


def shortened(problems: Sequence[Problem], most: int, counts: Mapping[tuple[str, str], int] | None = None) -> list[Problem]:
    """Return of each code in each file the first `most` problems (0: all), and in place of the next one how many more there are."""
    seen: Counter[tuple[str, str]] = Counter()
    kept: list[Problem] = []
    last: dict[tuple[str, str], int] = {}
    for problem in problems:
        key = problem.path, problem.code
        seen[key] += 1
        if not most or seen[key] <= most + 1:
            kept.append(problem)
            last[key] = len(kept) - 1
    for key, index in last.items():
        more = (counts or seen)[key] - most
        if most and more > 1:
            kept[index] = replace(kept[index], message=f"… and {more:,} more {key[1]} in this file from here on")
    return kept


def table() -> str:
    """Return every code with its meaning and hint as a Markdown table, for the documentation."""
    rows = [f"| `{code.code}` | {code.title} | {code.hint} |" for code in TABLE]
    return "\n".join(["| code | what is wrong | what to do |", "|---|---|---|", *rows, ""])


def _text(problems: Sequence[Problem]) -> str:
    return "".join(f"{problem}\n" for problem in problems)


def _json(problems: Sequence[Problem]) -> str:
    rows = [
        {
            "path": problem.path,
            "line": problem.line,
            "column": problem.column,
            "code": problem.code,
            "severity": problem.severity,
            "message": problem.message,
            "hint": problem.hint,
        }
        for problem in problems
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def _github(problems: Sequence[Problem]) -> str:
    """Return workflow commands. Source: GitHub Docs, "Workflow commands for GitHub Actions", setting an error message."""

    def escaped(text: str, also: str = "") -> str:
        for character in "%\r\n" + also:
            text = text.replace(character, f"%{ord(character):02X}")
        return text

    return "".join(
        f"::{problem.severity} file={escaped(problem.path, ':,')},line={problem.line},col={problem.column},"
        f"title={problem.code} {escaped(CODES[problem.code].title, ':,')}::{escaped(f'{problem.message} ({problem.hint})')}\n"
        for problem in problems
    )


def _sarif(problems: Sequence[Problem]) -> str:
    """Return a log in the Static Analysis Results Interchange Format (OASIS SARIF 2.1.0)."""
    rules = [{"id": code.code, "name": code.code, "shortDescription": {"text": code.title}, "help": {"text": code.hint}} for code in TABLE]
    places = {code.code: index for index, code in enumerate(TABLE)}
    results = [
        {
            "ruleId": problem.code,
            "ruleIndex": places[problem.code],
            "level": problem.severity,
            "message": {"text": f"{problem.message} ({problem.hint})"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(problem.path)},
                        "region": {"startLine": problem.line, "startColumn": problem.column},
                    }
                }
            ],
        }
        for problem in problems
    ]
    log = {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": {"name": "three-tutors-validate", "rules": rules}},
                "columnKind": "unicodeCodePoints",
                "results": results,
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False) + "\n"


def main() -> None:
    """Print the table of codes for data/raw/README.md."""
    print(table(), end="")
