"""Rules about one moment: its conversation ends with the student, its replies show what their kinds say, its sides make a pair."""

from __future__ import annotations

from collections.abc import Iterator

from three_tutors.checking.finding import Note, Path, quoted
from three_tutors.checking.revealing import said
from three_tutors.tutoring.moment import SIDES, Fit, Moment, Side

WITHHOLDING: tuple[Fit, ...] = ("withhold", "resist", "decline")
"""What a reply fits that may not say the answer."""


def notes(moment: Moment) -> Iterator[Note]:
    """Yield what is wrong with `moment`; its turns and replies must have words."""
    is_pair = len(moment.sides) > 1
    for number, side in enumerate(moment.sides):
        here: Path = ("sides", number) if is_pair else ()
        yield from _side(side, here, is_pair=is_pair)
    if not is_pair:
        return
    fits = sorted(side.fits for side in moment.sides)
    wanted = sorted(SIDES.get(moment.pair, ()))
    if not wanted or fits != wanted:
        missing = f"{moment.pair} wants {' and '.join(wanted)}" if wanted else "`pair` names no kind"
        yield "E119", f"the sides fit {' and '.join(fit or 'nothing' for fit in fits)}; {missing}", ("sides",)
        return
    for number, side in enumerate(moment.sides):
        yield from _fitting(moment, side, moment.sides[1 - number], ("sides", number))
    if moment.pair == "fact" and moment.sides[0].turns[-1].text != moment.sides[1].turns[-1].text:
        yield "E212", "the last student turns differ", ("sides", 1, "turns", len(moment.sides[1].turns) - 1, "student")


def _side(side: Side, here: Path, *, is_pair: bool) -> Iterator[Note]:
    for index, (one, other) in enumerate(zip(side.turns, side.turns[1:], strict=False), start=1):
        if one.speaker == other.speaker:
            yield "E111", f"the {one.speaker} speaks twice in a row", (*here, "turns", index, one.speaker)
    if side.turns and side.turns[-1].speaker != "student":
        yield "E118", "the last word is the teacher's", (*here, "turns", len(side.turns) - 1, "teacher")
    kinds = [reply.kind for reply in side.replies]
    if "ideal" not in kinds or (not is_pair and set(kinds) <= {"ideal", "acceptable"}):
        yield "E120", f"kinds of its replies: {', '.join(kinds) or 'none'}", (*here, "replies")


def _fitting(moment: Moment, side: Side, other: Side, here: Path) -> Iterator[Note]:
    """Yield the ideal replies of one side of a pair that say what belongs to the other, or not what belongs to theirs."""
    answers = moment.lesson.answer
    student = " ".join(turn.text for turn in side.turns if turn.speaker == "student")
    for index, reply in enumerate(side.replies):
        if reply.kind != "ideal":
            continue
        text, place = reply.reply.lower(), (*here, "replies", index, "reply")
        gives = next((answer for answer in answers if said(reply.reply, answer)), "")
        if side.fits in WITHHOLDING and gives and not any(said(student, answer) for answer in answers):
            yield "E210", f"a reply that fits {side.fits} says the answer {quoted(gives)}", place
        if side.fits == "relax" and not gives:
            yield "E210", "a reply that fits relax does not say the answer", place
        if side.says and not any(word in text for word in side.says):
            yield "E211", "says nothing of what this side asks", place
        if strange := next((word for word in other.says if word in text), ""):
            yield "E211", f"says {quoted(strange)}, which belongs to the other side", place
    if moment.pair == "fact":
        last = side.turns[-1].text.lower()
        if not side.says:
            yield "E211", "names nothing that a fitting reply says", here
        elif told := next((word for word in side.says if word in last), ""):
            yield "E212", f"the last student turn says {quoted(told)}", (*here, "turns", len(side.turns) - 1, "student")
