from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.trust.graded import Graded
from three_tutors.trust.judge_agreement import against_graded, keep, read_kept
from three_tutors.tutoring.dialogue import Lesson, Turn

LESSON = Lesson("mathematics", 5, "fractions", "adds them")


@dataclass
class LikesLong:
    """A judge that finds long replies sensible."""

    name: str = "likes-long"

    def scores(self, asked: Sequence[tuple[Replied, str]]) -> list[Score]:
        """Return the length."""
        return [Score(len(one.reply) / 100, "long") for one, _ in asked]


def row(reply: str, writer: str = "", kind: str = "", **labels: float) -> Graded:
    """Return one reply with what people said of it."""
    return Graded("m", "m", writer, Replied(LESSON, (Turn("student", "2/5"),), reply), kind, None, labels)


def test_agreement_is_told_by_kind_and_bias_by_writer() -> None:
    """It puts the ideal reply before a short template and after a long one, and favours the tutor that talks much."""
    ideal, template, nonsense = (
        row("Which is bigger?", kind="ideal"),
        row("Go on.", kind="template"),
        row("Bananas sing of halves all day.", kind="fluent_nonsense"),
    )
    auc = against_graded(LikesLong(), [ideal, template, nonsense])["qualities"]["sense"]["auc"]
    assert (1.0, 0.0) == (auc["template"]["value"], auc["fluent_nonsense"]["value"])
    talks = [row("a long reply without any point at all", "talker", sense=1.0), row("Draw both.", "thinker", sense=5.0)]
    assert {"talker": 0.5, "thinker": -0.5} == against_graded(LikesLong(), talks)["qualities"]["sense"]["bias"]


def test_figures_of_another_judge_are_not_kept(tmp_path: Path) -> None:
    """Two files of one judge stand together; the next judge begins anew."""
    path = tmp_path / "graded.json"
    for judge, file in (("one", "a"), ("one", "b"), ("two", "a")):
        before = read_kept(path)
        keep(file, {"judge": judge, "replies": 1}, path)
    assert ({"a", "b"}, {"judge": "two", "files": {"a": {"replies": 1}}}) == (set(before["files"]), read_kept(path))
