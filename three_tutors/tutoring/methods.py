"""The tutors by name: the baseline and one per method."""

from __future__ import annotations

from typing import Literal, get_args

TutorName = Literal["baseline", "dspy", "openai", "lora"]
TUTORS: tuple[TutorName, ...] = get_args(TutorName)
REFERENCE = "reference"
"""Row of the teachers' own turns in every table; nothing replies under this name."""
