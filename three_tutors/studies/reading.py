"""Sense as it is read off the base model's states in the replies of a finished run."""

from __future__ import annotations

import tempfile
from pathlib import Path

from three_tutors.scoring.replied import read_replied
from three_tutors.studies.measured import MOMENTS, SCRIPTED, Files
from three_tutors.trust import sense
from three_tutors.tutoring.dialogue import read_dialogues
from three_tutors.tutoring.moment import read_moments
from three_tutors.tutoring.scenario import read_scenarios
from three_tutors.tutoring.words import words

ASKED = ("data/processed/splits/test.jsonl", "data/processed/scenarios.jsonl", MOMENTS)
"""What every tutor was asked, as the stages wrote it."""


def sense_read(tutor: str, files: Files) -> tuple[str, dict[str, float]]:
    """Return the digest of the model that read the replies, and by item how much sense each makes to it.

    Nothing where models/base of the workspace is not the model that the reading was learned for, or nobody replied. The run may have
    another base: who replied and who reads are two things.

    Raises:
        TutorError: the model cannot be loaded.

    """
    written = {path: files(path) for path in (*ASKED, f"data/processed/answers/{tutor}/answers.jsonl")}
    if None in written.values() or (fitted := sense.at_hand()) is None:
        return "", {}
    with tempfile.TemporaryDirectory() as folder:
        for path, content in written.items():
            (Path(folder) / path).parent.mkdir(parents=True, exist_ok=True)
            (Path(folder) / path).write_bytes(content or b"")
        dialogues, scenarios, moments = (Path(folder) / path for path in ASKED)
        asked = (read_dialogues(dialogues), read_scenarios(scenarios), read_moments(moments))
        replies = read_replied(Path(folder) / "data/processed/answers", tutor, *asked)
    spoken = [one for one in replies if one.kind != SCRIPTED and words(one.reply)]
    scores = sense.read(sense.MODEL, fitted, spoken)
    return fitted.model, {one.item: score.value for one, score in zip(spoken, scores, strict=True) if score.value is not None}
