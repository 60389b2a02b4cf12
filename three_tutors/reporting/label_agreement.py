"""How far two readers agree on labels, with the editions of the codebook side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from three_tutors.reporting.pages import listed, plain
from three_tutors.trust.labels import EDITIONS, LABELS, Agreed, Agreement
from three_tutors.tutoring.dialogue import SPEAKERS, Speaker

ENOUGH = 0.6
"""Kappa from which two readers agree well enough for figures by that label alone."""


@dataclass(frozen=True)
class Row:
    """One label, or all labels of a speaker, in every edition that was used."""

    speaker: Speaker
    label: str
    """Empty: all labels of the speaker."""
    found: Sequence[Agreed | None]
    """For each edition in `editions`; None where neither reader gave the label."""


def editions(agreed: Sequence[Agreement]) -> list[str]:
    """Return the editions by which somebody labelled again, oldest first."""
    return [name for name in EDITIONS if any(one.codebook == name for one in agreed)]


def rows(agreed: Sequence[Agreement]) -> list[Row]:
    """Return every speaker's labels, all of them first."""
    found = {(one.speaker, one.codebook, label.label): label for one in agreed for label in (one.all, *one.labels)}
    return [
        Row(speaker, label, own)
        for speaker in SPEAKERS
        for label in ("", *LABELS[speaker])
        if any(own := [found.get((speaker, name, label)) for name in editions(agreed)])
    ]


def doubtful(agreed: Sequence[Agreement]) -> str:
    """Name the labels whose kappa is too low by the newest edition, each with what it is mixed up with most; empty where none is."""
    newest = editions(agreed)[-1:]
    return listed(
        [
            plain(label.label) + _mixed(label.label, one)
            for one in agreed
            for label in one.labels
            if [one.codebook] == newest and label.kappa and label.kappa.value < ENOUGH
        ]
    )


def _mixed(label: str, one: Agreement) -> str:
    others: Counter[str] = Counter()
    for said in one.disagreements:
        if label in (said.first, said.second):
            others[said.second if label == said.first else said.first] += said.turns
    return "".join(f" (mixed up with {plain(other)} in {turns} of {one.turns} turns)" for other, turns in others.most_common(1))
