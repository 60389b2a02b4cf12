"""Which strategy a reply realises, told by a classifier that has seen the training dialogues and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from three_tutors.scoring.measure import Measure
from three_tutors.scoring.praise import praise
from three_tutors.scoring.questioning import asked, task
from three_tutors.scoring.score import Score
from three_tutors.tutoring.dialogue import STRATEGIES, Dialogue, Strategy, StrategyLabel, Turn
from three_tutors.tutoring.words import content_words, sentences, words

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# Cue words of each move. With function words they show how a turn is meant, not its subject.
_CUES = {
    "explain": r"explain|tell\sme|predict|say\swhy|convince|your\sown\swords|teach",
    "new_case": r"new|another|one\smore|next|now|different|harder|transfer|suppose|imagine",
    "what_mean": r"""what\sdo\syou\smean|how\sdid\syou|what\sdoes|which\spart|what\smade|where\sdid|what\sdo\syou|how\sdo\syou\sknow
        |your\sown\swords|which\sof""",
    "test": r"test|your\srule|your\sidea|if\s.*\s(?:then|would)|try\s(?:it|your|that)\son|says|holds|fits|survive|by\syour",
    "own_example": r"""i\s(?:do|did|take|write|start|try|read|ask|look|split|have|put|add|get|had|want)|here\sis|my|watch
        |like\sthis|so\si""",
    "because": r"because|means|is\scalled|are\scalled|that\sis\swhy|since|so\sthe|the\srule|the\sreason",
    "effort": r"""you\s(?:went|did|kept|noticed|found|checked|tried|said|caught|used|asked|picked|stopped|built|held|threw|saw)
        |that\sis|worth|keep|habit|sign|good|care""",
    "step": r"first|start|write|draw|fill|make|list|put|count|find|take|mark|step",
}
_PATTERNS = {name: re.compile(rf"\b(?:{pattern})\b", re.IGNORECASE | re.VERBOSE) for name, pattern in _CUES.items()}
_SEED = 1


@dataclass(frozen=True)
class StrategyClassifier:
    """A fitted classifier of teacher turns."""

    model: Pipeline | None
    """None where the training dialogues label fewer than two strategies, so that there is nothing to tell apart."""

    def realised(self, replies: Sequence[str], turns: Sequence[Sequence[Turn]]) -> list[StrategyLabel]:
        """Return the strategy of each reply, given the turns before it; empty where no strategies were learned."""
        if not replies or not self.model:
            return [""] * len(replies)
        told = self.model.predict([features(reply, before) for reply, before in zip(replies, turns, strict=True)])
        return [STRATEGIES[STRATEGIES.index(name)] for name in told]


def train(dialogues: Sequence[Dialogue]) -> StrategyClassifier:
    """Fit the classifier on the labelled teacher turns of `dialogues`."""
    rows = labelled(dialogues)
    return fit([strategy for _, _, strategy in rows], (features(text, before) for text, before, _ in rows))


def fit(strategies: Sequence[str], shown: Iterable[Mapping[str, float]]) -> StrategyClassifier:
    """Fit the classifier on teacher turns: the strategy and `features` of each. Deterministic; under a second for 600 turns."""
    from sklearn.feature_extraction import DictVectorizer  # noqa: PLC0415 - a second that only `evaluate` pays
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import MaxAbsScaler  # noqa: PLC0415

    if len(set(strategies)) < 2:  # noqa: PLR2004 - two can be told apart
        return StrategyClassifier(None)
    model = make_pipeline(
        DictVectorizer(), MaxAbsScaler(), LogisticRegression(C=0.5, class_weight="balanced", max_iter=2000, random_state=_SEED)
    )
    model.fit(shown, strategies)
    return StrategyClassifier(model)


def realised_as_intended(intended: StrategyLabel, realised: StrategyLabel) -> Score:
    """Return 1 where a reply makes the move that the teacher made at this turn, else 0."""
    if not intended:
        return Score.unscored("no teacher's strategy to compare with")
    if not realised:
        return Score.unscored("the training dialogues label too few strategies to tell them apart")
    return Score(float(realised == intended), f"{realised.replace('_', ' ')}, intended {intended.replace('_', ' ')}")


def labelled(dialogues: Sequence[Dialogue]) -> list[tuple[str, tuple[Turn, ...], Strategy]]:
    """Return every teacher turn that carries a strategy, with the turns before it."""
    return [
        (turn.text, dialogue.turns[:index], turn.strategy)
        for dialogue in dialogues
        for index, turn in enumerate(dialogue.turns)
        if turn.speaker == "teacher" and turn.strategy
    ]


def features(reply: str, turns: Sequence[Turn]) -> dict[str, float]:
    """Return what a strategy can be told by: form, cues, function words; content words stay out."""
    said, parts = words(reply), sentences(reply)
    questions = asked(reply)
    content = set(content_words(reply))
    last = turns[-1] if turns else None
    shown = {
        "asks": float(bool(questions)),
        "asks_last": float(reply.rstrip().endswith("?")),
        "task": float(task(reply) is not None),
        "task_last": float(bool(parts) and task(parts[-1]) is not None),
        "praise": float(praise(reply) is not None),
        "words": min(len(said), 60) / 60,
        "sentences": min(len(parts), 6) / 6,
        "numbers": min(sum(word[0].isdigit() for word in said), 8) / 8,
        "quotes": float("'" in reply.replace("n't", "") or '"' in reply),
        "takes_up": len(content & set(content_words(last.text if last else ""))) / 5,
        f"after_{last.understanding if last else ''}": 1.0,
    }
    shown |= {name: float(bool(pattern.search(reply))) for name, pattern in _PATTERNS.items()}
    shown |= {f"starts_{word}": 1.0 for word in said[:1] if word in _FUNCTION_WORDS}
    shown |= {f"says_{word}": 1.0 for word in said if word in _FUNCTION_WORDS}
    if parts:
        shown |= {f"last_{word}": 1.0 for word in words(parts[-1]) if word in _FUNCTION_WORDS}
    return shown


_FUNCTION_WORDS = frozenset(
    """a and are as ask before because both but by call called can check did do does draw each every explain fill find first for from
    gives has have here how i if in instead is it its just keep let like list look make means my new next no not now of on one only or
    own part pick predict put rule same say says see show so still such take tell than that the then there they think this try two use
    was what when where which who why with without word work would write you your""".split()  # noqa: SIM905 - a word list reads as text
)


STRATEGY = Measure(
    name="strategy",
    label="Strategy as intended",
    question="Does it make the move that the teacher made?",
    happens="The teacher's strategy is used",
    of=lambda one: realised_as_intended(one.intended, one.realised),
    about="the turn",
    in_metrics=True,
)
