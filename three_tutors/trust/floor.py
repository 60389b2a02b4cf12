"""The floor under every score: what bots get, that is, tutors without a model that do not read the student.

    python -m three_tutors.trust.floor [--json]

Bots and teachers reply to the same held-out student turns. A score tells teaching from tricks where the best bot, and the teachers'
own replies with their words shuffled, get at most half of what the teachers get. For a score where lower is better, what counts is
how far it stays below 1. The last line is about contrast pairs: there a bot, too, has to fit both sides.
"""

from __future__ import annotations

if __name__ == "__main__":
    from three_tutors.pipeline.starting import start

    start("three_tutors.trust.floor")

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from three_tutors.scoring.contrast import of_replies
from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied, of_side
from three_tutors.scoring.scores import MEASURES
from three_tutors.trust.bots import SHUFFLED, bots
from three_tutors.tutoring.dialogue import Dialogue, Turn, read_dialogues
from three_tutors.tutoring.moment import Moment, Side, read_moments
from three_tutors.tutoring.questions import Question, questions

SPLITS = Path("data/processed/splits")
MOMENTS = Path("data/processed/moments/test.jsonl")
CONTRAST = "contrast"
"""Name of the line about contrast pairs, which no single reply has as a score."""
SHARE = 0.5
"""Of what the teachers get: a bot that gets more has found a trick."""


@dataclass(frozen=True)
class Floor:
    """What tricks get in one score, over the same held-out student turns as the teachers."""

    score: str
    teachers: float
    """Mean of the teachers' own turns."""
    best: float
    """Mean of the bot that does best."""
    best_bot: str
    example: str
    """One of its replies."""
    shuffled: float
    """Mean of the teachers' turns with the words of each sentence in random order."""
    tells: bool
    """Whether the score tells teaching from tricks."""


def floor(held_out: Sequence[Dialogue], train: Sequence[Dialogue]) -> dict[str, Floor]:
    """Return the floor under each score that judges a reply by itself, by name.

    Left out: scores that describe, that compare with the teacher's own words, that ask the tutor's model, or that nobody gets here.
    """
    asked = questions(held_out)
    said: dict[str, list[Replied]] = {"": [_reply(one, one.reference.text) for one in asked]}
    said |= {name: [_reply(one, bot(one)) for one in asked] for name, bot in bots({one.id: one.turns for one in held_out}, train).items()}
    found = {}
    for measure in MEASURES.values():
        if measure.better == "neither" or measure.holds_against_teacher or not measure.needs_reply:
            continue
        means = {name: mean for name, replies in said.items() if (mean := _mean(measure, replies)) is not None}
        teachers = means.pop("", None)
        if teachers is None or SHUFFLED not in means:
            continue
        merit = {name: _merit(measure, mean) for name, mean in means.items()}
        best = max((name for name in merit if name != SHUFFLED), key=lambda name: merit[name])
        tells = max(merit[best], merit[SHUFFLED]) <= SHARE * _merit(measure, teachers)
        found[measure.name] = Floor(measure.name, teachers, means[best], best, said[best][0].reply, means[SHUFFLED], tells)
    return found


def contrast_floor(moments: Sequence[Moment], train: Sequence[Dialogue]) -> dict[str, Floor]:
    """Return the floor under each kind of contrast pair, and under all of them ("").

    The teachers' own value is of the first ideal reply to each side.
    """
    # The same side of the next pair comes next, so that a borrowed reply often does what fits, to another matter.
    sides = sorted(((number, moment) for moment in moments if moment.pair for number in (0, 1)), key=lambda one: (one[0], one[1].pair))
    asked = {_name(moment, number): _asked(moment, number) for number, moment in sides}
    conversations = {name: (*one.turns, one.reference) for name, one in asked.items()}
    tutors = {"": lambda one: one.reference.text, **bots(conversations, train)}
    shares = {}
    for name, says in tutors.items():
        replies = {_name(moment, number): says(asked[_name(moment, number)]) for moment in moments if moment.pair for number in (0, 1)}
        shares[name] = (
            replies,
            of_replies(
                of_side(moment, moment.sides[number], asked[_name(moment, number)].item, replies[_name(moment, number)])
                for number, moment in sides
            ),
        )
    found = {}
    for kind in shares[""][1].shares:
        means = {name: won.shares[kind].value for name, (_, won) in shares.items()}
        best = max((name for name in means if name not in ("", SHUFFLED)), key=lambda name: means[name])
        example = next(iter(shares[best][0].values()))
        tells = max(means[best], means[SHUFFLED]) <= SHARE * means[""]
        found[kind] = Floor(CONTRAST, means[""], means[best], best, example, means[SHUFFLED], tells)
    return found


def _asked(moment: Moment, number: int) -> Question:
    side = moment.sides[number]
    return Question(_name(moment, number), len(side.turns) - 1, moment.lesson, side.turns, Turn("teacher", _ideal(side)))


def _ideal(side: Side) -> str:
    return next((one.reply for one in side.replies if one.kind == "ideal"), "")


def _name(moment: Moment, number: int) -> str:
    return f"{moment.id}/{number + 1}"


def _reply(asked: Question, reply: str) -> Replied:
    return Replied(asked.lesson, asked.turns, reply, item=asked.item, reference=asked.reference)


def _mean(measure: Measure, replies: Sequence[Replied]) -> float | None:
    values = [score.value for one in replies if (score := one.finding(measure.of)).value is not None]
    return sum(values) / len(values) if values else None


def _merit(measure: Measure, mean: float) -> float:
    return mean if measure.better == "higher" else 1 - mean


def table(floors: Mapping[str, Floor]) -> str:
    """Return the floors as a table for a terminal."""
    rows = [("score", "teachers", "best bot", "shuffled teachers", "tells teaching from tricks")]
    for one in floors.values():
        best = f"{one.best:.2f} {one.best_bot}"
        label = MEASURES[one.score].label if one.score in MEASURES else "Contrast pairs"
        rows.append((label, f"{one.teachers:.2f}", best, f"{one.shuffled:.2f}", "yes" if one.tells else "no"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    return "\n".join("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def main() -> None:
    """Let the bots reply to the held-out student turns and print what they get."""
    parser = argparse.ArgumentParser(prog="python -m three_tutors.trust.floor", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true", help="for a program instead of a person")
    arguments = parser.parse_args(sys.argv[1:])
    train = read_dialogues(SPLITS / "train.jsonl")
    found = floor(read_dialogues(SPLITS / "test.jsonl"), train)
    if MOMENTS.exists() and (pairs := contrast_floor(read_moments(MOMENTS), train)):
        found[CONTRAST] = pairs[""]
    print(json.dumps({name: asdict(one) for name, one in found.items()}, indent=2, ensure_ascii=False) if arguments.json else table(found))
