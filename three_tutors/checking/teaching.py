"""What a good teacher would not write: rules about one dialogue, each yielding a code, a sentence and the place.

The rules look at words only. They report what is certain and say nothing where the words leave a doubt.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from three_tutors.checking.affirmation import affirmation
from three_tutors.checking.finding import Note, quoted
from three_tutors.checking.ignoring import ignores
from three_tutors.checking.quotation import own_words
from three_tutors.checking.revealing import MAY_TELL, reveal
from three_tutors.scoring.questioning import task
from three_tutors.tutoring.dialogue import Dialogue, Turn

FEWEST_TURNS = 4
"""Turns of the shortest usual dialogue."""
ASKING = frozenset({"socratic_questioning", "clarification_request"})
"""Strategies that need a question."""

_QUESTION = re.compile(r"[?？؟]+(?=[\s)\]\"'”’»*_!.]|$)")
_UNSEEN = re.compile(
    r"\b(?:(?:here(?:'|’)?s|here (?:is|are)|look at) (?:a|the|this|these|two|three|my|your) (?:\w+ )?"
    r"(?:photos?|pictures?|drawings?|diagrams?|videos?|screenshots?)"
    r"|i (?:can )?(?:see|saw|watched|heard|noticed) (?:you (?:draw|write|point|smile|nod|shrug)"
    r"|your (?:drawing|sketch|photo|picture|face|screen|paper|notebook))"
    r"|(?:in|on) (?:the|this|your) (?:photo|picture|drawing) (?:i|we) (?:can )?see)\b",
    re.IGNORECASE,
)
_LIVED = re.compile(
    r"\b(?:i once|when i was (?:young|little|a|at|your|in)|i(?:'|’)?ve (?:been to|eaten|seen|tasted|tried|broken|owned)"
    r"|last (?:week|year|summer|night) i"
    r"|my (?:dog|cat|son|daughter|wife|husband|mother|father|brother|sister|garden|kitchen|car|bike|grandm\w+|grandf\w+|neighbou?r)"
    r"|i (?:felt|tasted|smelled|boiled|baked|burn(?:t|ed)|visited|grew up|used to|remember (?:when|the|my)))\b",
    re.IGNORECASE,
)
_STOCK = re.compile(
    r"\b(?:let(?:'|’)?s break (?:it|this|that) down|that(?:'|’)?s an? (?:great|good|excellent) question|great question"
    r"|think (?:about|of) it (?:like this|this way)"
    r"|you(?:'|’)?ve got this|great job|good job|keep up the (?:good|great) work|you(?:'|’)?re on the right track|let(?:'|’)?s dive in"
    r"|i(?:'|’)?m here to help|feel free to|happy to help|i hope this helps|does that make sense)\b",
    re.IGNORECASE,
)


_IN_UNSEEN = (
    *("photo", "picture", "drawing", "diagram", "video", "screenshot"),
    *("you draw", "you write", "you point", "you smile", "you nod", "you shrug"),
    *("your sketch", "your face", "your screen", "your paper", "your notebook"),
)
_IN_LIVED = (
    *("i once", "when i was", "ve been to", "ve eaten", "ve seen", "ve tasted", "ve tried", "ve broken", "ve owned"),
    *("last week i", "last year i", "last summer i", "last night i", "my dog", "my cat", "my son", "my daughter", "my wife", "my husband"),
    *("my mother", "my father", "my brother", "my sister", "my garden", "my kitchen", "my car", "my bike", "my grand", "my neighbo"),
    *("i felt", "i tasted", "i smelled", "i boiled", "i baked", "i burn", "i visited", "i grew up", "i used to", "i remember"),
)
_IN_STOCK = (
    *("break it down", "break this down", "break that down", "great question", "good question", "excellent question"),
    *("it like this", "it this way", "got this", "great job", "good job", "keep up the", "right track", "dive in"),
    *("here to help", "feel free", "happy to help", "hope this helps", "make sense"),
)
"""Whatever a pattern finds contains one of these; looking for them first, in all turns at once, is faster."""


def notes(dialogue: Dialogue, *, max_turns: int, max_words: int) -> Iterator[Note]:
    """Yield everything a teacher would object to in `dialogue`; its turns must have words."""
    turns = dialogue.turns
    if len(turns) > max_turns or len(turns) < FEWEST_TURNS:
        yield "W114", f"{len(turns)} turns", ("turns",)
    unlabelled = sum(not (turn.strategy or turn.understanding) for turn in turns)
    if unlabelled:
        yield "W115", f"{unlabelled} of {len(turns)} turns have no label", ("turns",)
    yield from _never_wrong(turns)
    yield from _ending(dialogue)
    revealed = reveal(dialogue)
    if revealed:
        yield revealed
    lower = "\n".join(turn.text for turn in turns if turn.speaker == "teacher").lower()
    unseen, lived, stock = (any(part in lower for part in parts) for parts in (_IN_UNSEEN, _IN_LIVED, _IN_STOCK))
    unseen = unseen and dialogue.origin.modality == "chat"
    for index, turn in enumerate(turns):
        if turn.speaker != "teacher":
            continue
        before = turns[index - 1] if index else None
        if unseen and (found := _UNSEEN.search(own_words(turn.text))):
            yield "W213", f"{quoted(found.group())} speaks of what nobody sees in a chat", ("turns", index, "teacher")
        if lived and (found := _LIVED.search(own_words(turn.text))):
            yield "W214", f"{quoted(found.group())} tells of a life", ("turns", index, "teacher")
        for code, message in _turn(turn, before, max_words, stock=stock):
            yield code, message, ("turns", index, "strategy" if code == "W205" else "teacher")
        if before and ignores(dialogue, index):
            yield "W204", f"nothing in it takes up {quoted(before.text)} or the lesson", ("turns", index, "teacher")


def _turn(turn: Turn, before: Turn | None, max_words: int, *, stock: bool) -> Iterator[tuple[str, str]]:
    if before and before.understanding == "wrong" and (said := affirmation(turn.text)):
        yield "E202", f"praises with {quoted(said)} what is labelled wrong"
    questions = count_questions(turn.text)
    if questions > 1:
        yield "W203", f"asks {questions} questions at once"
    contradiction = contradicted(turn)
    if contradiction:
        yield "W205", contradiction
    length = len(turn.text.split())
    if length > max_words:
        yield "W206", f"{length} words, at most {max_words} are wanted"
    if stock and (phrase := _STOCK.search(turn.text)):
        yield "W207", f"stock phrase {quoted(phrase.group())}"


def _never_wrong(turns: Sequence[Turn]) -> Iterator[Note]:
    student = [(index, turn.understanding) for index, turn in enumerate(turns) if turn.speaker == "student"]
    labels = [label for _, label in student]
    if labels and all(labels) and not {"wrong", "partial", "confused"} & set(labels):
        yield "W208", "the student never gets anything wrong, half-right or confused", ("turns",)


def _ending(dialogue: Dialogue) -> Iterator[Note]:
    """Yield where the last student turn is wrong and nobody says that it ends so, or the label and the outcome contradict each other."""
    last = next((index for index in range(len(dialogue.turns) - 1, -1, -1) if dialogue.turns[index].speaker == "student"), -1)
    label = dialogue.turns[last].understanding if last >= 0 else ""
    if label == "wrong" and not dialogue.outcome:
        yield "W209", "the student's last word is labelled wrong", ("turns", last, "understanding")
    elif label == "wrong" and dialogue.outcome == "solved":
        yield "W215", "the outcome is solved, and the student's last word is labelled wrong", ("outcome",)


def count_questions(text: str) -> int:
    """Return how many questions `text` asks, not counting those inside quotation marks or code."""
    if text.count("?") + text.count("？") + text.count("؟") < 2:  # noqa: PLR2004 - nothing to tell apart
        return int("?" in text or "？" in text or "؟" in text)
    return len(_QUESTION.findall(own_words(text)))


def contradicted(turn: Turn) -> str | None:
    """Return how the words of a teacher turn contradict its strategy, or None."""
    asks = "?" in turn.text or "？" in turn.text
    if turn.strategy in ASKING and not asks and not task(turn.text):
        return f"{turn.strategy} without a question or a task"
    if turn.strategy == "check_understanding" and not asks and not task(turn.text):
        return "check_understanding that asks for nothing"
    if turn.strategy in MAY_TELL and asks:
        sentences = [part for part in re.split(r"(?<=[.!?…])\s+|\n+", own_words(turn.text).strip()) if part]
        if all(sentence.endswith("?") for sentence in sentences):
            return f"{turn.strategy} that only asks"
    return None
