"""Questions: one at a time, answerable, about the matter at hand; and checks of understanding."""

from __future__ import annotations

import re
from collections.abc import Sequence

from three_tutors.scoring.measure import Measure
from three_tutors.scoring.replied import Replied
from three_tutors.scoring.score import Score
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.words import content, content_words, sentences, words

# Asked of anybody at any time: no answer to them shows anything.
_EMPTY = re.compile(
    r"""^(?:(?:so|and|ok|okay|now|well)[,\s]+)*(?:do\s+you\s+(?:understand|see|get\s+it|follow|have\s+any\s+questions|need\s+(?:any\s+)?help)|does\s+(?:that|this)\s+(?:make\s+sense|help)
    |make\s+sense|(?:is\s+that\s+)?(?:ok|okay|clear|right|understood)|got\s+it|any\s+(?:other\s+)?questions|how\s+can\s+i\s+help|what\s+do\s+you\s+think|are\s+you\s+ready|ready
    |can\s+you\s+(?:try\s+again|help\s+me)|would\s+you\s+like\b.*|how\s+(?:are|do)\s+you(?:\s+feel\w*)?|shall\s+we.*)\b[^\w]*(?:so\s+far|now|today|about\s+(?:that|this|it))?\W*\?$""",
    re.IGNORECASE | re.VERBOSE,
)
# These ask for thought, about anything at all: better than nothing, less than a question made for this student.
_STOCK = re.compile(
    r"""\bwhat\s+makes\s+you\s+(?:say|think|sure)\b|\btell\s+me\s+(?:a\s+bit\s+|a\s+little\s+)?more\b|\bsay\s+more\b|\belaborate\b
    |^(?:\w+,?\s+)?(?:can|could)\s+you\s+(?:please\s+)?(?:explain|describe|show\s+me|walk\s+me\s+through|tell\s+me)\s+(?:me\s+)?(?:why|how|what|that|this|it|your|more)\b[^,;:]{0,45}\?$
    |\bwhy\s+(?:do\s+)?you\s+(?:think|say)\s+(?:that|so|it|this)\b[^,]{0,12}\?$|\bhow\s+did\s+you\s+(?:get|arrive|come|do|find)\s*(?:at|to|up)?\s*(?:that|this|it)?\b[^,]{0,15}\?$|^(?:but\s+|and\s+)?(?:why|how)(?:\s+(?:so|not|come))?\?$""",
    re.IGNORECASE | re.VERBOSE,
)
TASK_VERBS = """
    act add answer apply argue ask bend borrow bring build calculate chalk change check choose circle clap color colour
    compare complete compute copy count cover cross cut deal decide defend define describe divide do double draft draw drop
    estimate explain feel fill film find finish fold follow give go group guess halve hang heat hide hold hum hunt imagine invent
    justify keep knock label lay line list listen look make mark match measure mend move multiply name note open order paint
    paste pick picture place plant plot point pour practise predict press pull push put rank read recall recheck recount
    redo redraw remove repair repeat replace reread rework rewrite roll round run say search see send set shade shine show
    shrink sit sketch solve sort spot squeeze stack stand start state stir stop stretch substitute subtract suppose swap
    take tap tape tell test think touch trace translate treat try turn type underline use walk watch weigh wonder work write""".split()  # noqa: SIM905 - a word list reads as text
_TASK = re.compile(
    rf"""(?:^|[,;:—–]\s+|\b(?:now|then|so|next|and|please|first|instead|before\s[^,]+,|can\syou|could\syou|let's|let\sus|try\sto|you\scan
    |i\swant\syou\sto)\s+)(?P<verb>{"|".join(TASK_VERBS)})\b""",
    re.IGNORECASE | re.VERBOSE,
)
_CHECK = re.compile(
    r"""\b(?:explain|predict|tell\s+me\s+(?:why|how|what|which)|say\s+(?:why|how)|why\b[^.?!]*\?|how\s+(?:do|did|would|can|could)\s+you\b[^.?!]*\?|your\s+own\s+words|teach|convince|justify|prove|what\s+would\s+happen
    |what\s+if|new\s+case|another\s+(?:one|case|example)|one\s+more|which\s+of|would\s+(?:it|that|this|the)\b[^.?!]*\?|same\s+(?:idea|rule|thing)\b|does\s+(?:it|that|this|your)\b[^.?!]*\?|how\s+can\s+you\s+(?:tell|be\s+sure|check))""",
    re.IGNORECASE | re.VERBOSE,
)


def asked(reply: str) -> list[str]:
    """Return the sentences of `reply` that end in a question mark."""
    return [sentence for sentence in sentences(reply) if sentence.rstrip("\"'”’)* ").endswith("?")]


def task(reply: str) -> str | None:
    """Return the verb of the first sentence that sets the student a task ("Draw …", "Now compare …"), or None."""
    for sentence in sentences(reply):
        if sentence.rstrip("\"'”’)* ").endswith("?"):
            continue
        match = _TASK.search(sentence)
        if match:
            return match["verb"].lower()
    return None


def empty(question: str) -> bool:
    """Return whether `question` could be asked of anybody at any time."""
    return bool(_EMPTY.match(question.strip())) or len(words(question)) < 2  # noqa: PLR2004 - "Why?" alone still asks something


def stock(question: str) -> bool:
    """Return whether `question` asks for thought in words that would fit any lesson."""
    return bool(_STOCK.search(question.strip()))


def on_topic(text: str, lesson: Lesson, turns: Sequence[Turn]) -> list[str]:
    """Return the content words of `text` that the lesson's head or the last turns hold."""
    matter = content([lesson.topic, lesson.objective, lesson.misconception, *(turn.text for turn in turns[-4:])])
    return [word for word in dict.fromkeys(content_words(text)) if word in matter]


def questions(one: Replied) -> Score:
    """Return 1 for one answerable question (or set task) about the matter, 0 for an empty or foreign one.

    Asking nothing, asking twice, or asking in words that would fit any lesson counts half.
    """
    found, topical = asked(one.reply), on_topic(one.reply, one.lesson, one.turns)
    if not found:
        verb = task(one.reply)
        return Score(1.0, f"sets a task: “{verb}”") if verb and topical else Score(0.5, "asks nothing")
    good = [question for question in found if topical and not empty(question)]
    if not good:
        return Score(0.0, f"“{found[0]}” asks nothing about the matter")
    if len(found) == 1 and stock(good[0]):
        return Score(0.5, f"“{good[0]}” would fit any lesson")
    if len(found) == 1:
        return Score(1.0, f"asks “{good[0]}”")
    if len(found) == 2:  # noqa: PLR2004 - two are one too many
        return Score(0.5, "asks 2 questions at once")
    return Score(0.0, f"asks {len(found)} questions at once")


def follow_up(one: Replied) -> Score:
    """Return 1 where a reply checks the understanding of a student who is right, else 0. Unscored after any other turn."""
    if not one.turns or one.turns[-1].understanding != "correct":
        return Score.unscored("the student was not right here")
    match = _CHECK.search(one.reply)
    if match and not all(empty(question) or stock(question) for question in asked(one.reply) or [one.reply]):
        return Score(1.0, f"checks: “{match.group()[:60]}”")
    return Score(0.0, "does not check understanding")


QUESTIONS = Measure(
    name="questions",
    label="One good question",
    question="Is there one, on the topic, that can be answered?",
    happens="One clear question is asked",
    of=questions,
    about="the turn",
    in_metrics=True,
    above_teachers="a teacher also explains and shows, and a tutor that asks at every turn scores higher",
)
FOLLOW_UP = Measure(
    name="follow_up",
    label="Checks understanding",
    question="Is a right answer checked for understanding?",
    happens="Understanding is checked",
    of=follow_up,
    about="the turn",
    above_teachers="a teacher checks a right answer only where understanding may be shallow; a tutor that checks every one scores higher",
)
