from __future__ import annotations

import json

import pytest

from three_tutors.checking.codes import TABLE
from three_tutors.checking.problem_formats import MOST, Format, formatted, shortened, table
from three_tutors.pipeline.diagnostics import Problem

PROBLEMS = [
    Problem("data/a b.yaml", 3, 5, "E104", 'strategy "x" is odd,\nreally: 100%', "use one of the listed values"),
    Problem("data/c.yaml", 1, 1, "W203", "asks 2 questions at once", "keep one"),
]


def test_text_is_a_line_that_editors_link() -> None:
    """`path:line:col: CODE message (hint)`, one a line."""
    assert formatted(PROBLEMS[1:], "text") == "data/c.yaml:1:1: W203 asks 2 questions at once (keep one)\n"


def test_json_has_every_field() -> None:
    """A program gets path, line, column, code, severity, message and hint."""
    assert json.loads(formatted(PROBLEMS, "json"))[1] == {
        "path": "data/c.yaml",
        "line": 1,
        "column": 1,
        "code": "W203",
        "severity": "warning",
        "message": "asks 2 questions at once",
        "hint": "keep one",
    }


def test_github_annotations_escape_what_would_end_them() -> None:
    """Line breaks, percent signs, commas and colons are escaped as GitHub's workflow commands want it."""
    first, second, *rest = formatted(PROBLEMS, "github").split("\n")
    assert first == (
        "::error file=data/a b.yaml,line=3,col=5,title=E104 value not in the closed list::"
        'strategy "x" is odd,%0Areally: 100%25 (use one of the listed values)'
    )
    assert second.startswith("::warning file=data/c.yaml,line=1,col=1,title=W203 several questions in one turn::")
    assert rest == [""]


def test_sarif_names_rule_and_place() -> None:
    """Code scanning gets every rule once, and for each result its rule, level, file and place."""
    [run] = json.loads(formatted(PROBLEMS, "sarif"))["runs"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == [code.code for code in TABLE]
    for result, problem in zip(run["results"], PROBLEMS, strict=True):
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == problem.code
        assert result["level"] == problem.severity
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place == {"artifactLocation": {"uri": "data/a%20b.yaml"}, "region": {"startLine": 3, "startColumn": 5}}


def test_many_of_one_kind_in_one_file_become_a_number() -> None:
    """After the first ones of a code in a file one line in place of the next says how many more; other codes and files are whole."""
    many = [Problem("a.jsonl", line, 1, code, "no key", "add it") for line in range(1, 1501) for code in ("E101", "W114")]
    told = formatted([*many[:-1], *PROBLEMS], "text", 2).splitlines()
    assert told == [
        "a.jsonl:1:1: E101 no key (add it)",
        "a.jsonl:1:1: W114 no key (add it)",
        "a.jsonl:2:1: E101 no key (add it)",
        "a.jsonl:2:1: W114 no key (add it)",
        "a.jsonl:3:1: E101 … and 1,498 more E101 in this file from here on (add it)",
        "a.jsonl:3:1: W114 … and 1,497 more W114 in this file from here on (add it)",
        *formatted(PROBLEMS, "text").splitlines(),
    ]
    assert len(json.loads(formatted(many, "json"))) == 2 * (MOST + 1)
    assert len(json.loads(formatted(many, "sarif"))["runs"][0]["results"]) == 2 * (MOST + 1)
    assert formatted(many, "text", 0).splitlines() == list(map(str, many))


def test_one_more_than_is_printed_is_printed() -> None:
    """A line that stands for a single problem would save nothing."""
    assert shortened(PROBLEMS * 3, 2) == PROBLEMS * 3


@pytest.mark.parametrize(("how", "expected"), [("text", ""), ("json", "[]\n"), ("github", "")])
def test_no_problem_is_nothing_to_print(how: Format, expected: str) -> None:
    """Without problems text and annotations are empty, and JSON is an empty list."""
    assert formatted([], how) == expected


def test_the_table_has_a_row_for_every_code() -> None:
    """The documentation's table is made from the codes."""
    assert table().count("\n| `") == len(TABLE)
