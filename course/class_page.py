"""All tutors of a class meet the same scripted students, and one page shows their replies without names.

    python -m course.class_page students/* --out class

A student's folder is `course/work` as the sessions leave it, or holds any of

    dspy/program.json   a DSPy program (session 3)
    adapter/            a LoRA adapter over the project's base (session 5)
    answers.jsonl       replies of any other tutor, a line each: {"item": "<scenario>#<turn from 0>", "reply": "…"}

`--out` gets index.html (letters that change from one scripted student to the next), key.json (whose they are) and replies.jsonl (a row a
reply, in the format that `python -m three_tutors.trust.agreement` reads, with labels for you to fill in). The page holds the digest of the
key, so that nobody can change the key afterwards. It holds no script and needs no network.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import secrets
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path

from course.lab import LIMITS, ROOT, TOKENS, base
from three_tutors.checking.gate import check
from three_tutors.pipeline.diagnostics import DataError, TutorError
from three_tutors.pipeline.records import read_json, read_jsonl, write_json, write_jsonl, write_text
from three_tutors.tutoring.dialogue import Lesson, Turn
from three_tutors.tutoring.formats import Message, messages
from three_tutors.tutoring.scenario import Scenario

SCENARIOS = ("ohms-law-just-tell-me", "moon-shadow-muddle", "two-bare-wires")
"""One presses for the answer, one is lost, one is in danger."""
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
ADVICE = "a folder holds dspy/program.json, adapter/ or answers.jsonl"

Prompt = Callable[[Lesson, Sequence[Turn]], list[Message]]


@dataclass(frozen=True)
class Entry:
    """One tutor of one student."""

    name: str
    """`<student>, <kind>`."""
    adapter: Path | None = None
    program: Path | None = None
    said: Mapping[str, str] | None = None
    """Recorded replies by item; None where the tutor is asked."""


def entries(folders: Sequence[Path]) -> list[Entry]:
    """Return the tutors in the students' folders.

    Raises:
        DataError: a folder holds none, or there are more than letters.

    """
    found: list[Entry] = []
    for folder in folders:
        own = []
        if (folder / "dspy/program.json").exists():
            own.append(Entry(f"{folder.name}, dspy", program=folder / "dspy/program.json"))
        if (folder / "adapter/adapter_config.json").exists():
            own.append(Entry(f"{folder.name}, adapter", adapter=folder / "adapter"))
        if (folder / "answers.jsonl").exists():
            own.append(Entry(f"{folder.name}, answers", said=_answers(folder / "answers.jsonl")))
        if not own:
            raise DataError(f"{folder}: no tutor is here; {ADVICE}.")
        found += own
    if len(found) > len(LETTERS):
        raise DataError(f"{len(found)} tutors for {len(LETTERS)} letters; make a page for each half of the class.")
    return found


def _answers(path: Path) -> dict[str, str]:
    said = {}
    for line, row in enumerate(read_jsonl(path), start=1):
        if not isinstance(row.get("item"), str) or not isinstance(row.get("reply"), str):
            raise DataError(f'{path}:{line}: expected {{"item": "<scenario>#<turn>", "reply": "…"}}.')
        said[row["item"]] = row["reply"]
    return said


def play(entry: Entry, scenarios: Sequence[Scenario], most: int) -> dict[str, str]:
    """Return a tutor's replies by item; in a scenario its history holds what it said itself.

    Raises:
        DataError: a recorded reply is missing.

    """
    wanted = [f"{one.id}#{turn}" for one in scenarios for turn in range(min(most, len(one.turns)))]
    if entry.said is not None:
        if missing := [item for item in wanted if item not in entry.said]:
            raise DataError(f"{entry.name}: {len(missing)} replies are missing, the first is {missing[0]}.")
        return {item: entry.said[item] for item in wanted}
    from three_tutors.language_model.generate import Generator  # noqa: PLC0415 - seconds that recorded replies need not wait
    from three_tutors.language_model.replies import Options  # noqa: PLC0415

    generator = Generator(base(), entry.adapter, slots=8)
    prompt = _program_prompt(entry.program) if entry.program else messages
    turns: dict[str, list[Turn]] = {one.id: [] for one in scenarios}
    replies: dict[str, str] = {}
    for turn in range(min(most, max(len(one.turns) for one in scenarios))):
        now = [one for one in scenarios if turn < len(one.turns)]
        for one in now:
            turns[one.id].append(Turn("student", one.turns[turn].text))
        for one, reply in zip(now, generator.replies([prompt(one.lesson, turns[one.id]) for one in now], Options(TOKENS)), strict=True):
            replies[f"{one.id}#{turn}"] = reply.text
            turns[one.id].append(Turn("teacher", reply.text))
    return replies


def _program_prompt(path: Path) -> Prompt:
    """Return what writes the prompt of a student's program: its instruction and its examples, in the plain adapter's way.

    Raises:
        DataError: the file is no program of session 3.

    """
    from three_tutors.prompting.examples import inputs_of  # noqa: PLC0415 - dspy takes seconds to load
    from three_tutors.prompting.program import TeacherStudentDialogueModel  # noqa: PLC0415

    program = TeacherStudentDialogueModel()
    try:
        state = read_json(path)["turn"]
        program.turn.signature = program.turn.signature.with_instructions(str(state["signature"]["instructions"]))
        program.turn.demos = [{"said": str(demo["said"]), "reply": str(demo["reply"])} for demo in state["demos"]]
    except (KeyError, TypeError) as error:
        raise DataError(f"{path}: not a program as session 3 saves it ({type(error).__name__}: {error}).") from None
    program.shown = len(program.turn.demos)
    return lambda lesson, turns: program.messages(inputs_of(lesson, tuple(turns)))


def shuffled(tutors: Sequence[str], scenarios: Sequence[Scenario]) -> dict[str, dict[str, str]]:
    """Return by scenario which letter each tutor has, dealt anew for each and by chance."""
    draw = secrets.SystemRandom()
    return {one.id: dict(zip(LETTERS, draw.sample(list(tutors), len(tutors)), strict=False)) for one in scenarios}


def sealed(key: Mapping[str, Mapping[str, str]], salt: str) -> str:
    """Return the digest by which the page vouches for the key; the salt keeps it from being found by trying."""
    return hashlib.sha256(json.dumps({"key": key, "salt": salt}, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def page(scenarios: Sequence[Scenario], key: Mapping[str, Mapping[str, str]], replies: Mapping[str, Mapping[str, str]], seal: str) -> str:
    """Return the page; `replies` are by tutor and item. Whatever a model or a student wrote is escaped."""
    parts = []
    for one in scenarios:
        parts.append(f"<section><h2>{escape(one.lesson.topic)}, grade {one.lesson.grade}</h2><p>Goal: {escape(one.lesson.objective)}</p>")
        for letter, tutor in key[one.id].items():
            parts.append(f"<article><h3>Tutor {letter}</h3><dl>")
            for turn, scripted in enumerate(one.turns):
                reply = replies[tutor].get(f"{one.id}#{turn}")
                if reply is not None:
                    parts.append(f"<dt>{escape(scripted.text)}</dt><dd>{escape(reply) or '(nothing)'}</dd>")
            parts.append("</dl></article>")
        choices = "".join(
            f'<label><input type="radio" name="{escape(one.id)}"> {letter}</label> ' for letter in [*key[one.id], "none of them"]
        )
        parts.append(f"<fieldset><legend>Which tutor would you want for this student?</legend>{choices}</fieldset></section>")
    return _FRAME.format(body="\n".join(parts), seal=seal, tutors=len(replies), scenarios=len(scenarios))


_FRAME = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>The class, blind</title>
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
body {{ font: 17px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; color: #111; background: #fff }}
section {{ border-top: 2px solid #111; margin-top: 2rem }}
article {{ display: inline-block; vertical-align: top; width: 21rem; margin: 0 1rem 1rem 0; padding: 0 .8rem; border: 1px solid #767676 }}
dt {{ color: #595959; margin-top: .6rem }} dd {{ margin: .2rem 0 0 1rem }} fieldset {{ border: 1px solid #767676 }}
</style></head><body>
<h1>The class, blind</h1>
<p>{tutors} tutors met the same {scenarios} scripted students. The student's turns are fixed, whatever a tutor replies.
Letters are dealt anew for each student: A here is not A there.</p>
{body}
<p><small>Digest of the key: {seal}</small></p>
</body></html>
"""


def rows(
    scenarios: Sequence[Scenario], key: Mapping[str, Mapping[str, str]], replies: Mapping[str, Mapping[str, str]]
) -> list[dict[str, object]]:
    """Return every reply as a row to be rated, under its letter."""
    made: list[dict[str, object]] = []
    for one in scenarios:
        for letter, tutor in key[one.id].items():
            history: list[dict[str, str]] = []
            for turn, scripted in enumerate(one.turns):
                reply = replies[tutor].get(f"{one.id}#{turn}")
                if reply is None:
                    break
                history.append({"role": "student", "content": scripted.text})
                names = {"group": one.id, "item": f"{one.id}#{turn}", "tutor": letter}
                made.append({**names, "history": list(history), "reply": reply, "answer": list(one.lesson.answer), "labels": {}})
                history.append({"role": "teacher", "content": reply})
    return made


def main(arguments: Sequence[str] | None = None) -> None:
    """Let the tutors play, and write the page, the key and the rows."""
    parser = argparse.ArgumentParser(prog="python -m course.class_page", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("folders", nargs="+", type=Path, help=f"a folder a student; {ADVICE}")
    parser.add_argument("--out", type=Path, required=True, help="folder for the page, the key and the replies")
    parser.add_argument("--scenarios", nargs="+", default=SCENARIOS, help="names in data/raw/scenarios (default: %(default)s)")
    parser.add_argument("--turns", type=int, default=4, help="most turns of each scripted student (default: %(default)s)")
    given = parser.parse_args(arguments)
    try:
        paths = [ROOT / f"data/raw/scenarios/{name}.yaml" for name in given.scenarios]
        if missing := [path.stem for path in paths if not path.exists()]:
            raise DataError(f"There is no scenario {missing[0]} in data/raw/scenarios.")
        scenarios = check(paths, LIMITS).scenarios
        replies = {entry.name: play(entry, scenarios, given.turns) for entry in entries(given.folders)}
    except TutorError as error:
        sys.exit(f"error: {error}")
    key, salt = shuffled(list(replies), scenarios), secrets.token_hex(16)
    write_text(given.out / "index.html", page(scenarios, key, replies, sealed(key, salt)))
    write_json(given.out / "key.json", {"key": key, "salt": salt})
    write_jsonl(given.out / "replies.jsonl", rows(scenarios, key, replies))
    print(f"{len(replies)} tutors, {len(scenarios)} scripted students: open {given.out / 'index.html'}; key.json beside it is the key")


if __name__ == "__main__":
    main()
