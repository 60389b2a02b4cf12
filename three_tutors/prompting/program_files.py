"""What a climb leaves: the program with its prompts before and after, how it was found, its metrics and its curve."""

from __future__ import annotations

import importlib.metadata
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

import dspy

from three_tutors.pipeline.records import Record, csv_text, write_json, write_jsonl
from three_tutors.prompting.budget import Usage
from three_tutors.prompting.climber import Candidate, Climb
from three_tutors.prompting.comparison import compare
from three_tutors.prompting.examples import example
from three_tutors.prompting.program import PROGRAM, TeacherStudentDialogueModel


def write_program(folder: Path, tried: Climb, validation: Sequence[Record], teachers: Sequence[Record]) -> None:
    """Write the best program into the new `folder`, with everything that tells how it came about. No clock, no address.

    Args:
        folder: Where to; made here.
        tried: Every candidate.
        validation: The rows they were scored on.
        teachers: The training rows, by which demonstrations are named.

    """
    folder.mkdir(parents=True)
    best, zero_shot = tried.best, tried.zero_shot
    turns = [example(row) for row in validation]
    write_json(folder / PROGRAM, best.program.dump_state())
    for name, candidate in (("before", zero_shot), ("after", best)):
        write_json(folder / f"prompt_{name}.json", candidate.program.messages(turns[0]))
    write_json(folder / "demonstrations.json", demonstrations(best.program, teachers))
    write_jsonl(folder / "validation.jsonl", _turns(zero_shot, best, turns))
    changed = compare(zero_shot.scores, best.scores, [turn.dialogue for turn in turns])
    history = _history(tried)
    write_json(folder / "optimisation.json", {**history, "turns": _rounded(asdict(changed)), "prompts_reply_to": _item(turns[0])})


def demonstrations(program: TeacherStudentDialogueModel, teachers: Sequence[Record]) -> list[Record]:
    """Return where each demonstration comes from: dialogue, turn, and whether the teacher or the tutor wrote the reply."""
    rows = {(turn.frame, turn.said): turn for turn in map(example, teachers)}
    found = []
    for demo in program.turn.demos:
        row = rows[demo["frame"], demo["said"]]
        written_by = "teacher" if demo["reply"] == row.reply else "tutor"
        found.append({"id": row.id, "dialogue": row.dialogue, "turn": row.turn, "reply_by": written_by})
    return found


def versions() -> dict[str, str]:
    """Return the versions of what decides what a program does."""
    return {name: importlib.metadata.version(name) for name in ("dspy-ai", "gepa", "optuna", "openai")}


def metrics(tried: Climb, validation: Sequence[Record]) -> Record:
    """Return the few figures of `reports/metrics`; how often it chose the teacher's strategy, where it says one."""
    agreement = {"zero_shot": strategy_agreement(tried.zero_shot, validation), "best": strategy_agreement(tried.best, validation)}
    return {
        "validation_zero_shot": round(tried.zero_shot.score, 4),
        "validation_best": round(tried.best.score, 4),
        "candidates": len(tried.candidates),
        **usage_record(tried.usage),
        **{f"strategy_as_intended_{which}": round(share, 4) for which, share in agreement.items() if share is not None},
    }


def curve(tried: Climb) -> str:
    """Return the candidates with their scores as CSV, in the order in which they were tried."""
    rows = ((number, one.rung, one.name, f"{one.score:.4f}") for number, one in enumerate(tried.candidates, start=1))
    return csv_text(("candidate", "rung", "name", "score"), rows)


def usage_record(usage: Usage) -> Record:
    """Return calls, tokens and money; money in millionths of a dollar, whole."""
    return {
        "calls": usage.calls,
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "micro_usd": round(usage.nano_usd / 1000),
    }


def _turns(zero_shot: Candidate, best: Candidate, validation: Sequence[dspy.Example]) -> list[Record]:
    """Return each validation turn with both replies and their scores."""
    columns = zip(validation, _answers(zero_shot), _answers(best), strict=True)
    return [{"item": _item(turn), "intended_strategy": turn.strategy, "before": before, "after": after} for turn, before, after in columns]


def _answers(one: Candidate) -> list[Record]:
    """Return each reply with its score and, where the program says one, the strategy that it chose."""
    columns = zip(one.replies, one.scores, one.strategies, strict=True)
    chosen = one.program.adapter_name != "plain"
    return [{"reply": reply, "score": round(score, 4), **({"strategy": strategy} if chosen else {})} for reply, score, strategy in columns]


def strategy_agreement(one: Candidate, validation: Sequence[Record]) -> float | None:
    """Return the share of labelled turns for which the program chose the teacher's strategy; None where nobody says one."""
    labelled = [(chosen, row["strategy"]) for chosen, row in zip(one.strategies, validation, strict=True) if row["strategy"]]
    if one.program.adapter_name == "plain" or not labelled:
        return None
    return sum(chosen == intended for chosen, intended in labelled) / len(labelled)


def _history(tried: Climb) -> Record:
    return {
        "candidates": [
            {
                "name": one.name,
                "rung": one.rung,
                "validation": round(one.score, 4),
                "prompt_tokens": round(one.prompt_tokens, 1),
            }
            for one in tried.candidates
        ],
        "chosen": tried.best.name,
        "stopped_by": tried.stopped_by,
        "instruction_before": tried.zero_shot.program.turn.signature.instructions,
        "instruction_after": tried.best.program.turn.signature.instructions,
        "prompt_tokens_before": round(tried.zero_shot.prompt_tokens, 1),
        "prompt_tokens_after": round(tried.best.prompt_tokens, 1),
        "versions": versions(),
    }


def _rounded(record: Record) -> Record:
    return {name: None if value is None else round(value, 4) for name, value in record.items()}


def _item(turn: dspy.Example) -> str:
    """Return the name of the student turn, as answers and scores name it."""
    return f"{turn.dialogue}#{turn.turn - 1}"
