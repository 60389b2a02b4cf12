"""Bots: trivial tutors without a model. What one of them gets is the floor under a score.

Some say a fixed sentence, some paste the student's words into a template, some take a teacher's turn that answers something else, and
one shuffles the words of the teacher's own reply. None of them reads what the student means.
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle

from three_tutors.tutoring.dialogue import Dialogue, Turn
from three_tutors.tutoring.questions import Question
from three_tutors.tutoring.words import STOP_WORDS, sentences, words

Bot = Callable[[Question], str]
"""Replies to one held-out student turn."""

SHUFFLED = "shuffled teacher"
"""The one bot whose words are right: a score that it gets too is a score of words and not of sentences."""

_CONSTANT = {
    "which number": "Can you tell me which number in your step is wrong?",
    "good question": "Good question. What do you think?",
    "check your answer": "Not quite. Check your answer again: what would happen if you changed one number?",
    "own words": "Explain your idea in your own words, then test it on one new case. Does it still work?",
    "many verbs": (
        "Explain how you would compare the two, predict what changes, and use one number or word to test your idea. Does it still hold?"
    ),
}
_TEMPLATES = {
    "test": "Test your idea about {words} on one new case: does it still work?",
    "explain": "Take {words} again. What would happen to it in a different case, and how could you check?",
    "topic": "Before we go on with {topic}, check {words} once more: what makes it so?",
    "you say": "You say “{start}”. Let's look at {topic} first. What makes you think so?",
    "half parrot": "You said “{start}”. Does that hold for another example?",
    "parrot": "{said}?",
    "nonsense": "Purple ladders test {words} whenever bananas sing: does your idea fit the moon?",
    "cue words": "Yes, right, but not quite: {said}. Don't do it, ask an adult, I won't tell, first try it. Now what could you check?",
    "cue words in turn": "{said}. Not yet, look again. Exactly, that's right. Stop, get help. Next, say what you think of {words}.",
    "wrong fact": "Remember that {words} was invented by Napoleon in a bakery. How does your idea fit that?",
}
_WORDS_IN_A_TEMPLATE = 3
_WORDS_OF_A_START = 5
_WORDS_IN_A_LIST = 46


Conversations = Mapping[str, Sequence[Turn]]
"""What was said, teachers' replies included, by the name that a question has as its `dialogue`."""


@dataclass(frozen=True)
class _Teachers:
    """What teachers say in some conversations, for the bots that borrow it."""

    conversations: Conversations

    def of_another(self, asked: Question) -> str:
        """Return the teacher's turn at the same place of the next conversation, or its last one."""
        names = list(self.conversations)
        said = _teacher_turns(self.conversations[names[(names.index(asked.dialogue) + 1) % len(names)]])
        return said[min(len(_teacher_turns(asked.turns)), len(said) - 1)] if said else ""

    def next_turn(self, asked: Question) -> str:
        """Return what the teacher of this conversation says one exchange later, or what the first one was; never the reply itself."""
        turns = self.conversations[asked.dialogue]
        others = [*turns[asked.turn + 2 :], *turns[: asked.turn]]
        return next((turn.text for turn in others if turn.speaker == "teacher"), "")


def bots(conversations: Conversations, train: Sequence[Dialogue]) -> Mapping[str, Bot]:
    """Return every bot by its name; those that borrow a teacher's turn take it from `conversations`, the word lists theirs from `train`."""
    teachers = _Teachers(conversations)
    vocabulary = _common_words(train)
    return {
        **{name: _fixed([text]) for name, text in _CONSTANT.items()},
        "five in turn": _fixed([*_CONSTANT.values()]),
        "word list": _fixed([_listed(vocabulary)]),
        "reordered word list": _fixed([*_reordered(vocabulary)]),
        **{name: _filled(text) for name, text in _TEMPLATES.items()},
        "teacher of another dialogue": teachers.of_another,
        "next turn": teachers.next_turn,
        SHUFFLED: lambda asked: shuffled(asked.reference.text, random.Random(asked.item)),
    }


def _fixed(texts: Sequence[str]) -> Bot:
    following = cycle(texts)
    return lambda _: next(following)


def _filled(template: str) -> Bot:
    def reply(asked: Question) -> str:
        said = asked.turns[-1].text
        content = [word for word in words(said) if word not in STOP_WORDS] or words(said)
        return template.format(
            words=" ".join(content[:_WORDS_IN_A_TEMPLATE]),
            start=" ".join(said.split()[:_WORDS_OF_A_START]),
            topic=asked.lesson.topic,
            said=said.rstrip("?.! "),
        )

    return reply


def shuffled(text: str, draw: random.Random) -> str:
    """Return `text` with the words of each sentence in random order."""
    return " ".join(" ".join(draw.sample(parts, len(parts))) for parts in map(str.split, sentences(text)))


def _common_words(dialogues: Sequence[Dialogue]) -> list[str]:
    counted = Counter(word for one in dialogues for turn in one.turns for word in set(words(turn.text)) - STOP_WORDS)
    return sorted(counted, key=lambda word: (-counted[word], word))[:_WORDS_IN_A_LIST]


def _listed(vocabulary: Sequence[str]) -> str:
    return f"Test your idea: explain {' '.join(vocabulary)}. Does it still fit?"


def _reordered(vocabulary: Sequence[str]) -> Iterator[str]:
    draw = random.Random(len(vocabulary))
    for _ in range(_WORDS_IN_A_LIST):
        yield _listed(draw.sample(vocabulary, len(vocabulary)))


def _teacher_turns(turns: Sequence[Turn]) -> list[str]:
    return [turn.text for turn in turns if turn.speaker == "teacher"]
