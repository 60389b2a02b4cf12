"""Check one batch of files by itself: a pure function, whose result is combined with those of the other batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from three_tutors.checking import examining, json_source, personal_data, scripting, teaching
from three_tutors.checking.batches import Batch
from three_tutors.checking.exam import Exam, Met, leaks, met
from three_tutors.checking.finding import Finding, Path, Source, quoted
from three_tutors.checking.reading import Entry, read
from three_tutors.checking.yaml_source import Tree
from three_tutors.tutoring.dialogue import Dialogue, Lesson, Turn
from three_tutors.tutoring.duplicates import triples
from three_tutors.tutoring.fields import fields
from three_tutors.tutoring.moment import GradedReply, Moment
from three_tutors.tutoring.scenario import Scenario, ScriptedTurn
from three_tutors.tutoring.words import tokens

_PROSE = tuple(field.name for field in fields(Lesson) if field.prose)


@dataclass(frozen=True, kw_only=True)
class Limits:
    """What the gate lets through."""

    max_turns: int
    """Turns of the longest usual dialogue."""
    max_words: int
    """Words of the longest usual teacher turn."""
    near_duplicate: float
    """Share of common word triples from which two dialogues count as one."""


@dataclass(frozen=True)
class Inspected:
    """One batch as it was read, and what is wrong with it. Lines and offsets are those of its block."""

    files: list[str]
    """Those that hold something."""
    entries: list[Entry]
    """What could be read."""
    findings: list[Finding]
    """With their places."""
    met: list[Met]
    """Moments that a dialogue here says the words of, by the dialogue's number among `compared`."""

    @property
    def compared(self) -> list[Entry]:
        """The entries whose turns all have words, which are compared with each other."""
        return [entry for entry in self.entries if entry.triples.size]


def inspect(batch: Batch, limits: Limits, exam: Exam) -> Inspected:
    """Read one batch and check each dialogue, scenario and moment by itself, and each dialogue beside the exam."""
    read_ = [entry for file in batch.files for entry in read(file, batch.block)]
    for entry in read_:
        _check_alone(entry, limits)
    entries = [entry for entry in read_ if entry.item]
    found = [finding for entry in read_ for finding in entry.findings]
    compared = [entry for entry in entries if entry.triples.size]
    dialogues = [place for place, entry in enumerate(compared) if isinstance(entry.item, Dialogue)]
    if entries:
        from three_tutors.checking import structure  # noqa: PLC0415 - polars and pandera take a second; a file that is no YAML needs neither

        found += structure.check(entries)
    found += leaks([compared[place] for place in dialogues], exam)
    said = met([compared[place].triples for place in dialogues], exam.moments)
    return Inspected(
        files=sorted({entry.source.file for entry in read_}),
        entries=entries,
        findings=list(_placed(found, read_)),
        met=[one._replace(place=dialogues[one.place]) for one in said],
    )


def placed(findings: Iterable[Finding], tree: Tree) -> Iterator[Finding]:
    """Yield the findings of one dialogue with their places in `tree`."""
    for finding in findings:
        known = tree.keys if finding.key else tree.values
        ways = (finding.path[:length] for length in range(len(finding.path), -1, -1))
        place = next((place for way in ways if (place := known.get(way) or tree.values.get(way))), (finding.source.line, 1))
        yield finding if finding.place else replace(finding, place=place)


def _placed(findings: Sequence[Finding], entries: Sequence[Entry]) -> Iterator[Finding]:
    """Yield `findings` with their places; a dialogue in which there is none to look for is not walked again."""
    wanted: dict[Source, list[Path]] = {}
    for finding in findings:
        if not finding.place:
            wanted.setdefault(finding.source, []).append(finding.path)
    trees = {entry.source: _tree(entry, wanted[entry.source]) for entry in entries if entry.source in wanted}
    for finding in findings:
        yield from [finding] if finding.place else placed([finding], trees[finding.source])


def _check_alone(entry: Entry, limits: Limits) -> None:
    """Add to `entry` what can be found in it alone, where all its turns have words."""
    item = entry.item
    if item is None or not item.turns or not all(turn.text for turn in item.turns):
        return
    if isinstance(item, Dialogue):
        notes = teaching.notes(item, max_turns=limits.max_turns, max_words=limits.max_words)
    else:
        notes = examining.notes(item) if isinstance(item, Moment) else scripting.notes(item)
    entry.findings += [Finding(entry.source, *note) for note in notes]
    texts = [turn.text for turn in item.turns]
    said = [word for text in texts for word in tokens(text)]
    texts += [reply.reply for reply in _replies(item)]
    head = [getattr(item.lesson, name) for name in _PROSE]
    words = {*said, *chain.from_iterable(map(tokens, head))}
    if next(personal_data.find(personal_data.SEPARATOR.join([*texts, *head]), words), None):
        entry.findings += _personal(entry)
    entry.triples = triples(said)


def _tree(entry: Entry, wanted: Sequence[Path]) -> Tree:
    """Return the places of an entry that was read just now, at least those on the ways to what is `wanted`."""
    if entry.tree:
        return entry.tree.locate()
    return json_source.places(entry.text, entry.source.line, wanted) if entry.text else Tree()


def _personal(entry: Entry) -> Iterator[Finding]:
    """Yield personal data with its place. Runs for the few dialogues in which a search of all texts at once found some."""
    item = entry.item
    if item is None:
        return
    texts: list[tuple[Path, str]] = [((name,), getattr(item.lesson, name)) for name in _PROSE]
    from three_tutors.checking.structure import way  # noqa: PLC0415 - pandera takes a second

    turns: Sequence[Turn | ScriptedTurn] = item.turns
    texts += [((*way(item, "turns", index), getattr(turn, "speaker", "student")), turn.text) for index, turn in enumerate(turns)]
    texts += [((*way(item, "replies", index), "reply"), reply.reply) for index, reply in enumerate(_replies(item))]
    for path, text in texts:
        for code, what, words in personal_data.find(text):
            yield Finding(entry.source, code, f"{what}: {quoted(words)}", path)


def _replies(item: Dialogue | Scenario | Moment) -> Sequence[GradedReply]:
    return item.replies if isinstance(item, Moment) else ()
