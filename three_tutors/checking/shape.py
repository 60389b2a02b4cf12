"""Take a tree of mappings, lists and texts apart into the values of a dialogue or scenario; note what has the wrong shape."""

from __future__ import annotations

import difflib
import re
from typing import Any

from three_tutors.checking.characters import forbidden
from three_tutors.checking.finding import Finding, Path, Source, quoted
from three_tutors.checking.schema import (
    DIALOGUE_HEAD,
    EXPECT,
    MOMENT_HEAD,
    MOST_TURNS,
    PAIR_HEAD,
    REPLY,
    SCENARIO_HEAD,
    SCRIPTED_TURN,
    SIDE,
    STUDENT_TURN,
    TEACHER_TURN,
)
from three_tutors.checking.yaml_source import Plain
from three_tutors.tutoring.dialogue import SPEAKERS, Turn
from three_tutors.tutoring.fields import LONGEST, Field
from three_tutors.tutoring.messages import side_of
from three_tutors.tutoring.moment import GradedReply, Side
from three_tutors.tutoring.scenario import Expectation, ScriptedTurn

_WHOLE = re.compile(r"-?(?:0|[1-9][0-9]{0,99})")
HUGE = 10**9
"""A number from which on nothing here can be meant; beyond 2**63 no column of a frame could hold it."""
MOST_UNKNOWN = 20
"""Unknown keys of one mapping that are listed; a file of thousands is no dialogue."""


class Keys:
    """The fields of one mapping, and the names of all keys it may have."""

    def __init__(self, fields: tuple[Field, ...], *others: str) -> None:
        """Take the fields, and the names of the keys that are taken apart elsewhere."""
        self.fields = fields
        self.names = frozenset([*(field.name for field in fields), *others])


DIALOGUE, SCENARIO = Keys(DIALOGUE_HEAD, "turns"), Keys(SCENARIO_HEAD, "turns")
MOMENT, PAIR = Keys(MOMENT_HEAD, "turns", "replies"), Keys(PAIR_HEAD, "sides")
_STUDENT, _TEACHER, _SCRIPTED = Keys(STUDENT_TURN), Keys(TEACHER_TURN), Keys(SCRIPTED_TURN, "expect")
_EXPECT, _SIDE, _REPLY = Keys(EXPECT), Keys(SIDE, "turns", "replies"), Keys(REPLY)


class Shape:
    """Takes a tree apart; notes what has the wrong shape and goes on."""

    def __init__(self, source: Source, escapes: bool) -> None:
        """Take where the tree was read, and whether its text can hide characters behind escapes."""
        self.source = source
        self.escapes = escapes
        """Whether a value may hold a character that the file's text does not show."""
        self.findings: list[Finding] = []

    def note(self, code: str, message: str, path: Path, *, key: bool = False) -> None:
        """Note that the value at `path` (or its `key`) has the wrong shape."""
        self.findings.append(Finding(self.source, code, message, path, key=key))

    def fields(self, value: Any, keys: Keys, path: Path) -> dict[str, Any]:  # noqa: ANN401
        """Return the value of each field; one that is left out or of the wrong type is as if it were missing."""
        read = {field.name: field.missing for field in keys.fields}
        if not isinstance(value, dict):
            self.note("E103", f"expected keys such as {keys.fields[0].name}, found {kind_of(value)}", path)
            return read
        if not keys.names.issuperset(value):
            self.unknown([key for key in value if key not in keys.names], keys, path)
        for field in keys.fields:
            here = (*path, field.name)
            if field.name in value:
                read[field.name] = self.value(value[field.name], field, here)
            elif field.required:
                self.note("E101", f"{field.name} is missing", here)
        return read

    def unknown(self, unknown: list[str], keys: Keys, path: Path) -> None:
        """Note the first keys that no field has, each with the name it may be a slip of."""
        for key in unknown[:MOST_UNKNOWN]:
            close = difflib.get_close_matches(key[:40], keys.names, 1)
            self.note("E102", f"unknown key {quoted(key)}" + (f"; did you mean {close[0]}?" if close else ""), (*path, key), key=True)
        if len(unknown) > MOST_UNKNOWN:
            self.note("E102", f"{len(unknown)} unknown keys in all", path)

    def value(self, value: Any, field: Field, path: Path) -> Any:  # noqa: ANN401
        """Return what is written for `field`, as if it were missing where it is of another kind."""
        read: Any
        if field.kind == "text":
            read = self.text(value, field.name, path)
        elif field.kind == "whole":
            read = self.whole(value, field.name, path)
        elif isinstance(value, list):
            texts = [self.text(item, f"an item of {field.name}", (*path, index)) for index, item in enumerate(value)]
            read = tuple(text for text in texts if text is not None)
        else:
            self.note("E103", f"{field.name} must be a list, not {kind_of(value)}", path)
            return field.missing
        if read is None:
            return field.missing
        code = _written_empty(read, field)
        if code:
            self.note(code, refusal(code, field, read), path)
            return field.missing
        return read

    def whole(self, value: Any, name: str, path: Path) -> int | None:  # noqa: ANN401
        """Return a whole number, None where the value is none or far beyond any that is meant."""
        if isinstance(value, Plain) and _WHOLE.fullmatch(value):
            value = int(value)
        if not isinstance(value, int) or isinstance(value, bool):
            self.note("E103", f"{name} must be a whole number, not {kind_of(value)}", path)
            return None
        if abs(value) >= HUGE:
            self.note("E105", f"{name} has {len(str(abs(value)))} digits", path)
            return None
        return value

    def text(self, value: Any, name: str, path: Path) -> str | None:  # noqa: ANN401
        """Return a text without its outer white space, None where the value is no text or hides a character."""
        if not isinstance(value, str):
            self.note("E103", f"{name} must be text, not {kind_of(value)}", path)
            return None
        bad = forbidden(value) if self.escapes else None
        if bad:
            self.note("E003", f"{name} contains {bad}", path)
            return None
        return value.strip()

    def listed(self, value: Any, name: str, path: Path = (), *, wanted: int = 0) -> list[Any]:  # noqa: ANN401
        """Return the list `name` of `value`, which stands at `path`; empty where there is none or it is too long to read.

        `structure` counts the items later; but where a certain number is `wanted`, it is said here.
        """
        items, here = value.get(name) if isinstance(value, dict) else None, (*path, name)
        if isinstance(items, list):
            if not items:
                self.note("E106", f"{name} is empty", here)
            elif wanted and len(items) != wanted:
                self.note("E106", f"number of {name} is {len(items)}, {wanted} are wanted", here)
                return []
            if len(items) <= MOST_TURNS:
                return items
            self.note("E106", f"number of {name} is {len(items)}, at most {MOST_TURNS} are allowed", here)
            return []
        if isinstance(value, dict) and name in value:
            self.note("E103", f"{name} must be a list, not {kind_of(items)}", here)
        elif isinstance(value, dict):
            self.note("E101", f"{name} is missing", here)
        return []

    def side(self, value: Any, path: Path) -> Side:  # noqa: ANN401
        """Return one side of a moment, which stands at `path`: in a file of its own, or beside the other side of a pair."""
        turns = [self.turn(turn, (*path, "turns", index)) for index, turn in enumerate(self.listed(value, "turns", path))]
        replies = [
            GradedReply(**self.fields(reply, _REPLY, (*path, "replies", index)))
            for index, reply in enumerate(self.listed(value, "replies", path))
        ]
        return Side(tuple(turns), tuple(replies), **(self.fields(value, _SIDE, path) if path else {}))

    def turn(self, value: Any, path: Path) -> Turn:  # noqa: ANN401
        """Return one turn of a dialogue; who speaks is the key its words stand under."""
        if isinstance(value, dict) and not self.escapes and len(value) == 2:  # noqa: PLR2004 - words and label
            # Nearly every turn is one of these two, and nothing can be wrong with its shape.
            text, label = value.get("student"), value.get("understanding")
            if isinstance(text, str) and isinstance(label, str) and (text := text.strip()) and (label := label.strip()):
                return Turn("student", text, "", label)  # type: ignore[arg-type]  # `structure` knows the closed lists
            text, label = value.get("teacher"), value.get("strategy")
            if isinstance(text, str) and isinstance(label, str) and (text := text.strip()) and (label := label.strip()):
                return Turn("teacher", text, label)  # type: ignore[arg-type]
        speakers: list[Any] = [speaker for speaker in SPEAKERS if isinstance(value, dict) and speaker in value]
        if isinstance(value, dict) and len(speakers) != 1:
            meant = next(((key, side) for key in value if (side := side_of(key)) in SPEAKERS), None)
            more = ", not both" if speakers else f"; {quoted(meant[0])} is {meant[1]} here" if meant else ""
            self.note("E103" if speakers else "E101", f"a turn has either student or teacher{more}", path)
        speaker = speakers[0] if len(speakers) == 1 else ""
        if isinstance(value, dict) and not speaker:
            return Turn("", "")  # type: ignore[arg-type]  # nobody speaks; the error stops it here
        got = self.fields(value, _TEACHER if speaker == "teacher" else _STUDENT, path)
        return Turn(speaker, got.pop(speaker or "student"), **got)  # type: ignore[arg-type]

    def scripted(self, value: Any, path: Path) -> ScriptedTurn:  # noqa: ANN401
        """Return one turn of a scenario with what it expects of the tutor."""
        got = self.fields(value, _SCRIPTED, path)
        expect = Expectation(note="")
        if isinstance(value, dict) and "expect" in value:
            expect = Expectation(**self.fields(value["expect"], _EXPECT, (*path, "expect")))
        elif isinstance(value, dict):
            self.note("E101", "expect is missing", (*path, "expect"))
        return ScriptedTurn(got.pop("student"), **got, expect=expect)


def refusal(code: str, field: Field, value: Any, name: str = "") -> str:  # noqa: ANN401 - a field holds anything
    """Return why `value` is refused for `field`, which the file may call by another `name`, as a sentence."""
    name = name or field.name
    allowed = [str(one) for one in field.allowed]
    if field.kind == "texts" and code == "E104":
        strange = ", ".join(quoted(item) for item in value if item not in allowed)
        return f"{name} has {strange}; allowed are {', '.join(allowed)}"
    if field.kind == "texts":
        return f"{name} takes {field.least} to {field.most} items of 1 to {LONGEST} characters"
    if code == "E104":
        close = difflib.get_close_matches(str(value), allowed, 1)
        advice = f"did you mean {close[0]}?" if close else f"allowed are {', '.join(allowed)}"
        return f"{name} {quoted(str(value))} is not in the closed list; {advice}"
    if code == "E105":
        return f"{name} {value} is not between {field.least} and {field.most}"
    if code == "E107":
        return f"{name} {quoted(value)} must be {field.wanted}"
    return f"{name} has {len(value)} characters, at most {field.most} are allowed" if value else f"{name} is empty"


def _written_empty(value: Any, field: Field) -> str:  # noqa: ANN401
    """Return the code of a value that is written and yet reads as missing, which the frame would pass over; else nothing."""
    if field.kind == "text" and not value:
        return "E104" if field.allowed else "E106"
    if field.kind == "texts" and not value and field.least:
        return "E106"
    is_outside = not field.allowed and not (field.least <= value <= field.most) if field.kind == "whole" else False
    return "E105" if is_outside and value == field.missing else ""


def keys_of(value: dict[str, Any]) -> str:
    """Return which keys `value` has, for a sentence; of the formats that can be imported, how."""
    if not value:
        return "none"
    names = ", ".join(quoted(key) for key in list(value)[:3]) + (" and more" if len(value) > 3 else "")  # noqa: PLR2004 - enough to know it by
    importable = isinstance(value.get("messages"), list) or isinstance(value.get("conversations"), list)
    return names + ("; three_tutors.authoring.importing brings such conversations in" if importable else "")


def kind_of(value: Any) -> str:  # noqa: ANN401 - a tree holds anything
    """Return what `value` is, for a sentence."""
    if isinstance(value, dict):
        return "keys with values"
    if isinstance(value, list):
        return "a list"
    return "nothing" if value is None else quoted(str(value))
