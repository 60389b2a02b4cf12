"""Scores of one reply, one dialogue and one tutor; deterministic, each with its reason."""
