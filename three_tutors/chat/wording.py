"""The words of the page and the terminal."""

from __future__ import annotations

from three_tutors.chat.talk import TutorReply
from three_tutors.tutoring.methods import TUTORS

ENDINGS = {"length": "Cut off", "cut": "Broke off", "stopped": "Stopped", "failed": "No reply"}
CRITERIA = {
    "keeps_answer": "holds the answer back",
    "takes_up": "takes up the student’s words",
    "fits_the_turn": "fits what the student showed",
    "moves_on": "gives one thing to do next",
    "short": "is short",
    "off_topic": "stays on the topic",
    "false_praise": "praises no mistake",
    "parrots": "says something new",
    "broken": "is whole and readable",
}
"""What the rubric asks for, in a teacher's words; 1 means that a reply does it."""
BEGINNING = 90
"""Characters of a turn that are shown where it is only mentioned."""


def called(tutor: str) -> str:
    """Return what a person calls a tutor; one that is no longer in the table of methods keeps its name."""
    return TUTORS[tutor].full_name if tutor in TUTORS else tutor


def criterion(name: str) -> str:
    """Return a criterion of the rubric in a teacher's words."""
    return CRITERIA.get(name, name.replace("_", " "))


def facts(reply: TutorReply) -> str:
    """Return what a reply took: tokens, seconds, price, and whether a draft was dropped."""
    parts = []
    if reply.completion_tokens is not None:
        tokens = "token" if reply.completion_tokens == 1 else "tokens"
        parts.append(f"{reply.completion_tokens} {tokens} (prompt {reply.prompt_tokens})")
    parts.append(f"{reply.seconds:.1f}\u00a0s")
    if reply.micro_usd is not None:
        parts.append("no\u00a0fee" if reply.micro_usd == 0 else f"${reply.micro_usd / 1e6:.6f}")
    elif reply.completion_tokens is not None:
        parts.append("price unknown")
    if reply.begun > 1:
        parts.append("a\u00a0draft dropped")
    return " · ".join(parts)


def beginning(text: str) -> str:
    """Return the beginning of a turn on one line."""
    line = " ".join(text.split())
    return line if len(line) <= BEGINNING else f"{line[:BEGINNING].rstrip()} …"
