"""Tests mirror the code: `three_tutors/` in folders, `stages/` here; `lock` and `benchmarks` are commands."""
