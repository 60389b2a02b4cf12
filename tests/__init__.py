"""Tests mirror `stages/`; `closure` and `benchmarks` are commands."""
