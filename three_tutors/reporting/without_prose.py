"""Reports in which the sentences are left to the reader: tables, pictures and quotations stay, under each heading stands a question.

For courses (`report.prose: false`): analysis and reflection are the student's to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

QUESTION = "> **To answer:** {}"
ANY = "What do these figures show, and what do they not show?"
QUESTIONS: Mapping[str, Mapping[str, str]] = {
    "comparison.md": {
        "Three ways to make a tutor, compared": "Which tutor would you choose, by which figures, and is any of them shown to teach?",
        "Replies, to judge for yourself": "Which of these replies make sense to you? Rank the tutors before you look at their figures.",
        "Natural dialogue": "Which tutor sounds like a person who teaches, and where does it get that from? Quote replies.",
        "Range of strategies": "Does a tutor choose its move by what the student shows? Quote a turn at which it does, or does not.",
        "Data needs and complexity": "What did each method need in dialogues, time and skill? What would twice as many dialogues change?",
        "Classroom practicality": "What happens with a student who presses, wanders off or is in danger? Who may use it, watched by whom?",
        "Cost and scale": "What costs how much at 100, 1,000 and 100,000 conversations a month, and which assumption decides it?",
        "When to use which": "For whom would you take which method, and why?",
        "How far to trust the figures": "Which of these scores would you believe, given what a bot gets and how far people agree?",
        "What this comparison cannot say": "Name three things that these figures cannot tell, and how you would find each out.",
    },
    "reflection.md": {
        "What such tutors mean for teaching": (
            "What does a tutor like this give to students and teachers, and what does it take from them? Who is left out, who is watched, "
            "who answers for a mistake? Say what in your own work changed your mind."
        ),
    },
    "deployment_plan.md": {
        "Deployment plan": "May any tutor of this run meet students? Give the condition that decides it, and the figure.",
        "Base model": "Which base would you take for a school, and what speaks against it?",
        "Where each tutor runs": "Where do a student's words go with each method, and who can read them?",
        "Hardware, waiting time and price for a class": "What does a class need at once, and how long does a student wait?",
        "History": "What is left out of a long conversation, in which order, and what must never be?",
        "Privacy of minors": "What is kept, for how long, on what legal ground, and how is it deleted?",
        "Safety": "Which failures did you find, at which students? What happens in the first minute after one?",
        "Monitoring": "What is looked at every day, by whom, and which figure stops the tutor?",
        "Roll-back": "How do you get yesterday's tutor back, and how do you know that it is yesterday's?",
        "Pilot": "Who tries it first, for how long, and what has to be true to go on?",
    },
    "cost_benefit.md": {
        "Costs and benefits": "Which tutor is cheapest for whom? Say it in three sentences with figures.",
        "In short": "From how many conversations on does fine-tuning pay, against which alternative, and until when?",
        "What each tutor costs": "Which costs come once, which with every conversation, which every month?",
        "Where the money goes": "Which part of a conversation costs most, and what would make it cheaper?",
        "Break-even": "Explain one break-even and one “never” by the prices behind them.",
        "Which assumption matters most": "Which assumption would you check first, and how?",
        "Every listed model": "Which model would you take, and what happens when it is shut down?",
        "What the money buys": "What does a dollar more buy in teaching, by figures that you trust?",
        "What is not in these figures": "What else costs money or time?",
    },
}
"""What each report asks, by its headings; numbers before a heading do not count."""

_KEPT = ("#", "![", "¹", "**Words.**", "**Missing")
_WORDS_OF_OTHERS = "Replies, to judge for yourself"


def without_prose(name: str, text: str) -> str:
    """Return the report `name` (Markdown) without its sentences; one that asks nothing stays as it is."""
    asked = QUESTIONS.get(name)
    if asked is None:
        return text
    return "\n\n".join(_parts(text, asked)) + "\n"


def _parts(text: str, asked: Mapping[str, str]) -> Iterator[str]:
    heading = ""
    for block in re.split(r"\n\s*\n", text.strip()):
        lines = block.splitlines()
        if block.startswith("#"):
            heading = re.sub(r"^#+ (?:\d+\. )?", "", lines[0])
            yield lines[0]
            yield QUESTION.format(asked.get(heading, ANY))
            lines = lines[1:]
        rest = "\n".join(lines).strip()
        is_table = rest.startswith("|") and bool(re.search(r"\d", "".join(rest.splitlines()[2:])))  # a table of words is prose
        if rest and (is_table or rest.startswith(_KEPT) or heading == _WORDS_OF_OTHERS):
            yield rest
