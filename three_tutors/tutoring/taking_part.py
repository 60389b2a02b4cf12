"""Who takes part in a run: the section `tutors` of params.yaml, by which dvc.yaml has stages for each."""

from __future__ import annotations

from three_tutors.pipeline.params import params
from three_tutors.tutoring.methods import TUTORS, TutorName


@params
class TakingPart:
    """Whom the stages `answer` and `evaluate` are repeated for."""

    asked: dict[TutorName, str]
    """Tutor → its folder in models/."""
    scored: dict[str, str]
    """Tutor, or the reference → what in data/processed is scored."""

    @property
    def tutors(self) -> tuple[str, ...]:
        """The tutors of the run, in the order of all tables."""
        return tuple(name for name in TUTORS if name in self.asked)
