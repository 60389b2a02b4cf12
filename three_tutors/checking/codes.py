"""Every code the gate can report: what it means and what to do about it. Codes are stable; a number is never reused."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Code:
    """One kind of finding. The letter of the code is its severity: `E` stops the pipeline, `W` is counted."""

    code: str
    title: str
    """What is wrong, in a few words."""
    hint: str
    """What to do about it."""


TABLE = (
    # 0xx: the file as bytes, YAML or JSON.
    Code("E001", "file cannot be read", "make it a regular, readable file inside the data folder"),
    Code("E002", "not UTF-8", "save the file as UTF-8"),
    Code("E003", "control, bidirectional or invisible character", "delete the character; it hides or reorders what people read"),
    Code("E004", "not valid YAML or JSON", "mend the syntax; put text with `: `, ` #` or a leading quote or bracket in double quotes"),
    Code("E005", "anchor, alias, tag, directive or second document", "write plain YAML: one mapping a file, every value spelled out"),
    Code("E006", "nested too deeply", "a dialogue is at most a mapping of lists of mappings"),
    Code("E007", "key written twice", "keep one of the two; YAML would silently keep the last"),
    Code("E008", "file or line too long", "split it: one dialogue stays under 256 KiB"),
    Code("E009", "empty", "write a dialogue or delete the file; data/raw/template.yaml shows the shape"),
    Code("E010", "file name the gate does not read", "name it `<id>.yaml` or `<name>.jsonl`, in lower case"),
    Code(
        "W011", "schema not named in the first line", "start with `# yaml-language-server: $schema=…` so that editors check while you type"
    ),
    # 1xx: structure.
    Code("E101", "key missing", "add the key"),
    Code("E102", "unknown key", "remove the key or mend its spelling"),
    Code("E103", "value of the wrong type", "write the type the key takes"),
    Code("E104", "value not in the closed list", "use one of the listed values"),
    Code("E105", "number out of range", "use a number in the range"),
    Code("E106", "text or list too short or too long", "bring it within the limits"),
    Code("E107", "not written as the key wants it", "follow the pattern"),
    Code("E108", "id differs from the file name", "rename the file or the id so that both are the same"),
    Code("E109", "subject differs from the folder", "move the file or mend the subject"),
    Code("E110", "id used twice", "give every dialogue and scenario an id of its own"),
    Code("E111", "two turns of one speaker in a row", "merge the turns or add what the other one said between them"),
    Code("E112", "wrong speaker first", "let the student open, or say `opening: teacher` in the head"),
    Code("E113", "last turn is not the teacher's", "end with a teacher turn; a student's last word has nobody to answer it"),
    Code("W114", "unusual number of turns", "4 to 30 turns carry a lesson without losing its thread"),
    Code("W115", "unlabelled turns", "label them when you know; unlabelled turns train but are left out of the tables by label"),
    Code("W116", "no misconception", "name the wrong idea or difficulty; student simulators are told it"),
    Code("W117", "no answer", "say `answer: []` where there is none; otherwise nothing watches over it"),
    Code("E118", "last turn is not the student's", "end a moment with the student turn that the replies answer"),
    Code("E119", "no pair", "write `pair` and two sides; what fits them belongs to that kind of pair"),
    Code("E120", "replies that grade nothing", "write at least one ideal reply, and one of another kind unless it is a pair"),
    # 2xx: teaching.
    Code("E201", "answer given away", "let the student find it; or label the turn worked_example or direct_explanation after two tries"),
    Code("E202", "praise after a wrong turn", "start from the student's idea: test it, compare, let them predict"),
    Code("W203", "several questions in one turn", "keep the one question the student should think about"),
    Code("W204", "student ignored", "take up a word or an idea of the student's last turn"),
    Code("W205", "label contradicted by the words", "change the label or the words"),
    Code("W206", "long teacher turn", "say less; most turns of good tutors stay under 45 words"),
    Code("W207", "stock phrase", "say what this student did, in words that fit no other dialogue"),
    Code("W208", "nothing to learn", "show the misconception in at least one student turn, or mend the labels"),
    Code("W209", "ends unrepaired", "let the student repair the last wrong idea, mend the label, or say how it ends: `outcome: wrong`"),
    Code("E210", "graded reply that gives away, or keeps back, against its kind", "mend the reply, its kind or the answers"),
    Code("E211", "reply that does not say what its side asks, or says what the other side asks", "mend the reply or the list in `says`"),
    Code(
        "E212", "sides that tell themselves apart by other things", "let both sides end with the same words, which say nothing of the fact"
    ),
    Code("W213", "claim to have seen what the chat does not show", "ask for it or let the student tell it; or say `modality: shared_page`"),
    Code("W214", "claim to a life of one's own", "speak of people in general; a chat tutor has done and felt nothing"),
    Code("W215", "outcome contradicted by the labels", "change the outcome or the label of the last student turn"),
    # 3xx: the data set as a whole.
    Code("E301", "exact duplicate", "delete one of the two"),
    Code("E302", "near duplicate", "rewrite one of the two: another problem, another student, another way"),
    Code("E303", "leak between splits", "rewrite one of the two, or give both the same split in data/raw/splits.csv"),
    Code("E304", "leak into a scenario", "take another topic or other words; a tutor would be examined on what it learned"),
    Code("W305", "labels out of balance", "write turns of the rare kind; a tutor hardly learns what it hardly sees"),
    Code("W306", "same opening or closing", "let each dialogue begin and end in its own way"),
    Code("E307", "leak between a moment and what is learned", "write another conversation; a tutor would be examined on what it learned"),
    # 4xx: personal data.
    Code("E401", "e-mail or account", "leave it out; a dialogue needs nobody's address"),
    Code("E402", "phone number", "leave it out, or write the number in words that nobody can call"),
    Code("E403", "link", "leave it out; say in words what is behind it"),
    Code("E404", "postal address", "leave it out or name the place without street and number"),
    Code("E405", "identity, account or card number, or date of birth", "leave it out"),
    Code("W406", "full name", "keep first names only; historical persons are fine"),
    # 5xx: scenarios.
    Code("E501", "move both demanded and forbidden", "keep it in one of the two lists"),
    Code("E502", "not in lower case", "write mentions and never_says in lower case; replies are compared that way"),
    Code("W503", "answer forbidden after the student said it", "drop reveal_answer here; there is nothing left to reveal"),
    Code("W504", "kind not tested", "let the expectations test what the kind promises"),
    Code("W505", "nothing expected", "say what a good reply does: must, must_not or mentions"),
)

CODES = {code.code: code for code in TABLE}
