"""The four dimensions of MRBench in three levels: does a reply notice the mistake, locate it, guide, and say what to do next?

Maurya et al. (2025), "Unifying AI Tutor Evaluation". The levels are a weighted sum of cues, read off the reply and what was
said before; `agreement` says how far they agree with people.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from three_tutors.scoring.dimension_cues import GENERAL, WORDING, Exercise, cues
from three_tutors.scoring.dimension_weights import DIMENSIONS, Dimension
from three_tutors.scoring.measure import CLEARLY, MRBENCH, UNSEEN, Checked, Measure
from three_tutors.scoring.praise import acceptance, praise
from three_tutors.scoring.questioning import asked
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.scoring.uptake import parroted
from three_tutors.tutoring.dialogue import Turn, Understanding
from three_tutors.tutoring.finished_turn import loops
from three_tutors.tutoring.quantities import quantities
from three_tutors.tutoring.words import content_words, stem, words

NO, SOME, YES = 0.0, 0.5, 1.0
_APPLIES: Mapping[str, tuple[Understanding, ...]] = {
    "mistake_identification": ("wrong", "partial"),
    "mistake_location": ("wrong", "partial"),
    "providing_guidance": ("wrong", "partial", "confused"),
    "actionability": ("wrong", "partial", "confused"),
}
_MACHINERY = re.compile(
    r"\#\#\#|^\s*(?:tutor\s+response|user|assistant|instruction)\b|[(\[](?:note|instruction)\b|^---|\*\*instruction",
    re.IGNORECASE | re.MULTILINE,
)
_ADDRESSES = re.compile(r"\b(?:you'(?:ve|re)|your|you\s+(?:did|added|got|said|have))\b", re.IGNORECASE)
_DOUBTS = ("names_mistake", "turns", "nearly", "checks", "overlooked")
# A reply shares its subject with what was said before where enough was said and enough of its own words come back.
_ENOUGH_SAID, _ENOUGH_WORDS, _SHARED, _NUMBERS = 20, 3, 0.34, 2
_DECIDING, _QUOTED = 3, 80
# A run of words this long is somebody's turn again; these content words frame it and add nothing.
_RUN = 4
_FRAME = frozenset(stem(word) for word in ("say", "said", "think", "thought", "right", "correct", "sure", "tell", "know", "understand"))


def dimensions(one: Replied) -> dict[str, Score]:
    """Return the level of a reply in each dimension: 0 no, 0.5 to some extent, 1 yes.

    Unscored after a student turn labelled so that the question does not arise: there is no mistake to notice in a right one.
    """
    understanding = one.turns[-1].understanding if one.turns else ""
    exercise = Exercise(one.turns, one.lesson.answer)
    off, found = unrelated(one, exercise), cues(one.reply, exercise)
    scores = {}
    for name, dimension in DIMENSIONS.items():
        if understanding and understanding not in _APPLIES[name]:
            scores[name] = Score.unscored(f"does not arise after a turn that is {understanding.replace('_', ' ')}")
        elif off:
            scores[name] = Score(NO, off)
        else:
            scores[name] = _level(dimension, found, one.reply)
    return scores


def unrelated(one: Replied, exercise: Exercise) -> str | None:
    """Return why a reply does nothing with this student's work, or None: machinery, a loop, an earlier turn again, another matter."""
    reply = one.reply.replace("’", "'")
    if found := _MACHINERY.search(reply):
        return f"shows machinery: “{found.group().strip()}”"
    if loops(reply):
        return "repeats itself"
    if one.finding(parroted).value or frames(reply, one.turns):
        return "repeats an earlier turn and adds nothing"
    content = [word for word in dict.fromkeys(content_words(reply)) if word not in GENERAL and not word[0].isdigit()]
    foreign = (
        len(exercise.words) >= _ENOUGH_SAID
        and len(content) >= _ENOUGH_WORDS
        and exercise.words_in(reply) / len(content) <= _SHARED
        and exercise.numbers_in(reply) <= _NUMBERS
    )
    speaks_to_student = _ADDRESSES.search(reply) or any(WORDING[name].search(reply) for name in _DOUBTS)
    return "is about something else" if foreign and not speaks_to_student else None


def frames(reply: str, turns: Sequence[Turn]) -> bool:
    """Return whether `reply` is an earlier turn in a frame that fits any turn ("You said: … What do you think?")."""
    replied = words(reply)
    for turn in turns:
        earlier = words(turn.text)
        runs = {tuple(earlier[start : start + _RUN]) for start in range(len(earlier) - _RUN + 1)}
        copied = {
            index + offset
            for index in range(len(replied) - _RUN + 1)
            if tuple(replied[index : index + _RUN]) in runs
            for offset in range(_RUN)
        }
        added = [word for index, word in enumerate(replied) if index not in copied]
        if 2 * len(copied) >= len(replied) and not set(content_words(" ".join(added))) - _FRAME:
            return True
    return False


def _level(dimension: Dimension, found: Mapping[str, float], reply: str) -> Score:
    parts = {name: weight * found[name] for name, weight in dimension.weights.items() if found[name]}
    total = sum(parts.values())
    value = YES if total > dimension.yes else SOME if total > dimension.some else NO
    # The cues that pulled towards the level it got, the strongest first.
    pull = sorted(parts, key=lambda name: (-parts[name] if value else parts[name], name))
    deciding = [_told(name, reply) for name in pull[:_DECIDING] if (parts[name] > 0) == bool(value)]
    return Score(value, ", ".join(deciding) or f"nothing {dimension.title}")


def _told(cue: str, reply: str) -> str:
    """Return a cue in words, with the reply's own words where some of them made it."""
    made = _words_of(cue, reply.replace("’", "'"))
    return cue.replace("_", " ") + (f" “{made.strip()}”" if made else "")


def _words_of(cue: str, reply: str) -> str | None:
    if cue in WORDING:
        match = WORDING[cue].search(reply)
    elif "doubt" in cue:
        match = next((found for name in (*_DOUBTS, "reminds") if (found := WORDING[name].search(reply))), None)
    elif "number" in cue and cue != "no_number":
        return next((quantity.text for quantity in quantities(reply)), None)
    elif "question" in cue or cue.startswith("asks"):
        return next((question[:_QUOTED] for question in reversed(asked(reply))), None)
    else:
        return acceptance(reply) if cue == "accepts" else praise(reply) if "prais" in cue else None
    return match.group()[:_QUOTED] if match else None


_FROM_MATHEMATICS = "the cues were learned from chats about school mathematics (see below)"
MISTAKE_IDENTIFICATION = Measure(
    name="mistake_identification",
    label="Notices the mistake",
    question="Does it show that there is one?",
    happens="Mistakes are noticed",
    how=CLEARLY,
    of=lambda one: one.finding(dimensions)["mistake_identification"],
    about="a mistake",
    checked=Checked("macro-F1", 0.596, None, None, 1194, MRBENCH, UNSEEN, 0.45, experts=(0.82, 0.71), seen=0.639, within=0.21),
    above_teachers=_FROM_MATHEMATICS,
)
MISTAKE_LOCATION = Measure(
    name="mistake_location",
    label="Locates the mistake",
    question="Does it show where the mistake is?",
    happens="Mistakes are located",
    how=CLEARLY,
    of=lambda one: one.finding(dimensions)["mistake_location"],
    about="a mistake",
    checked=Checked("macro-F1", 0.472, None, None, 1194, MRBENCH, UNSEEN, 0.31, experts=(0.70, 0.60), seen=0.507, within=0.14),
    above_teachers=_FROM_MATHEMATICS,
)
PROVIDING_GUIDANCE = Measure(
    name="providing_guidance",
    label="Guides",
    question="Does it help without telling?",
    happens="Guidance is given",
    how=CLEARLY,
    of=lambda one: one.finding(dimensions)["providing_guidance"],
    about="a mistake",
    checked=Checked("macro-F1", 0.481, None, None, 1194, MRBENCH, UNSEEN, 0.23, experts=(0.73, 0.56), seen=0.522, within=0.07),
    above_teachers=_FROM_MATHEMATICS,
)
ACTIONABILITY = Measure(
    name="actionability",
    label="Next step",
    question="Is it clear what the student does next?",
    happens="A next step is set",
    how=CLEARLY,
    of=lambda one: one.finding(dimensions)["actionability"],
    about="a mistake",
    checked=Checked("macro-F1", 0.573, None, None, 1194, MRBENCH, UNSEEN, 0.41, experts=(0.84, 0.69), seen=0.576, within=0.32),
    in_metrics=True,
    above_teachers=_FROM_MATHEMATICS,
)
