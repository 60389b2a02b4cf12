"""A dialogue in the simple part of YAML, and the project it stands in."""

from __future__ import annotations

from pathlib import Path

ROOT = Path(__file__).parents[2]
DIALOGUE = """\
id: adding-unlike-fractions
subject: mathematics
grade: 5
topic: Adding fractions
objective: Say why both need pieces of the same size.
misconception: Adds tops and bottoms.
answer: ["5/6"]
turns:
  - student: "I got 2/5: is that right?"
    understanding: wrong
  - teacher: Which is bigger, 2/5 or 1/2?
    strategy: socratic_questioning
"""
