# %% [markdown]
# # Session 1: Read a dialogue and label it
#
# A tutor that you cannot describe you cannot judge. In this hour you read three real teaching conversations, say what each student turn
# *shows*, and find out how far you agree with two other readings of the same turns. You need no model today.
#
# **How these notebooks work.** Run the cells in order. Where you see `...`, something is yours to fill in. The cell after it checks your
# work and says what is missing. You may run it as often as you like.

# %%
import os
import sys
from pathlib import Path

ROOT = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "dvc.yaml").exists())
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))

from course import lab
from three_tutors.tutoring.dialogue import UNDERSTANDINGS

THREE = ("breathe-out-only-carbon", "grape-sinks-orange-floats", "horns-on-the-book-cover")
dialogues = {one.id: one for one in lab.named(*THREE)}
print(f"{len(dialogues)} dialogues, {sum(len(one.turns) for one in dialogues.values())} turns")

# %% [markdown]
# ## Read one
#
# Turns are counted from 0. Read it aloud once. Ask yourself after each student turn: *what do I know now about what is in this head?*


# %%
def show(name):
    """Print a dialogue without its labels."""
    one = dialogues[name]
    print(f"{one.lesson.topic}, grade {one.lesson.grade}. Goal: {one.lesson.objective}\n")
    for number, turn in enumerate(one.turns):
        print(f"{number:>2}  {turn.speaker:<8} {turn.text}")


show("horns-on-the-book-cover")

# %% [markdown]
# ## The codebook
#
# Five labels say what a student turn shows. The definitions stand in `data/raw/codebook.md`, with boundary cases and the order in which labels
# are decided. Both matter more than the definitions: open the file and read its first page now. Here is the short form.

# %%
codebook = (ROOT / "data/raw/codebook.md").read_text(encoding="utf-8")
for line in codebook.partition("## Strategy")[0].splitlines():
    cells = [cell.strip() for cell in line.strip("|").split(" | ")]
    if cells[0].strip("`") in UNDERSTANDINGS:
        print(f"{cells[0].strip('`'):<10} {cells[1]}\n")

# %% [markdown]
# ## Gap 1: label every student turn
#
# Replace each `""` by one of the five labels. Do not look into the YAML files: they hold the first reader's labels, and you would only measure
# how well you copy. Print the other two dialogues with `show(...)`.

# %%
# solution
mine = {
    "breathe-out-only-carbon": {
        0: "wrong", 2: "correct", 4: "correct", 6: "correct", 8: "correct", 10: "correct", 12: "wrong", 14: "partial",
    },
    "grape-sinks-orange-floats": {
        0: "wrong", 2: "correct", 4: "partial", 6: "correct", 8: "correct", 10: "correct", 12: "correct",
    },
    "horns-on-the-book-cover": {
        0: "wrong", 2: "correct", 4: "partial", 6: "partial", 8: "wrong",
    },
}  # fmt: skip
# gap
#: show("breathe-out-only-carbon")
#: print()
#: show("grape-sinks-orange-floats")
#:
#: mine = {
#:     "breathe-out-only-carbon": {0: "", 2: "", 4: "", 6: "", 8: "", 10: "", 12: "", 14: ""},
#:     "grape-sinks-orange-floats": {0: "", 2: "", 4: "", 6: "", 8: "", 10: "", 12: ""},
#:     "horns-on-the-book-cover": {0: "", 2: "", 4: "", 6: "", 8: ""},
#: }
# end

# %%
# check: 1 every student turn has a label
open_turns = [f"{name} turn {number}" for name, labels in mine.items() for number, label in labels.items() if label not in UNDERSTANDINGS]
assert not open_turns, (
    f"{len(open_turns)} turns have no label yet, the first is {open_turns[0]}. Write one of {', '.join(UNDERSTANDINGS)} between the quotes."
)

# %% [markdown]
# ## Gap 2: agreement that is more than luck
#
# Two readers who toss coins agree too. Cohen's kappa takes that out:
#
# $$\kappa = \frac{p_{\text{agreed}} - p_{\text{chance}}}{1 - p_{\text{chance}}}$$
#
# `agreed` is the share of turns with the same label. `chance` is what two readers would agree on who only keep to how *often* they use each
# label: for each label, the share in which the first uses it times the share in which the second does, summed over all labels.

# %%
from collections import Counter


# solution
def kappa(first, second):
    """Return Cohen's kappa of two lists of labels."""
    total = len(first)
    agreed = sum(one == other for one, other in zip(first, second, strict=True)) / total
    often, often_too = Counter(first), Counter(second)
    chance = sum(often[label] / total * often_too[label] / total for label in often)
    return (agreed - chance) / (1 - chance)


# gap
#: def kappa(first, second):
#:     """Return Cohen's kappa of two lists of labels."""
#:     total = len(first)
#:     agreed = ...  # the share of places at which both lists have the same label
#:     chance = ...  # Counter(first)[label] says how often the first reader uses a label
#:     return (agreed - chance) / (1 - chance)
# end

# %%
# check: 2 kappa
try:
    perfect, coins, table = (
        kappa(list("aabb"), list("aabb")),
        kappa(list("aabb"), list("abab")),
        kappa(["y"] * 25 + ["n"] * 25, ["y"] * 20 + ["n"] * 5 + ["y"] * 10 + ["n"] * 15),
    )
except TypeError:
    raise AssertionError("`agreed` or `chance` in kappa is still `...`; both are numbers between 0 and 1.") from None
assert abs(perfect - 1) < 1e-9, f"Two equal lists have a kappa of 1, and yours says {perfect:.2f}. Look at `agreed`."
assert abs(coins) < 1e-9, (
    f"aabb and abab agree in half of the places, which is what chance gives: kappa is 0, and yours says {coins:.2f}. Look at `chance`."
)
assert abs(table - 0.4) < 1e-9, (
    f"The example in most textbooks (20, 5, 10, 15) has a kappa of 0.40, and yours says {table:.2f}. Look at `chance`."
)

# %% [markdown]
# ## Look: you, the first reader and the second
#
# The first reader's labels stand in the dialogues, the second reader's in `data/raw/second_labels.csv`. Both readers are large language models that
# saw the codebook and no label. Where they agree, that page decides; where you differ from both, look for the rule. You may still be right: no
# teacher has labelled these turns a second time.

# %%
import csv

with (ROOT / "data/raw/second_labels.csv").open(encoding="utf-8", newline="") as file:
    given_second = {(row["id"], int(row["turn"])): row["label"] for row in csv.DictReader(file)}
places = [(name, number) for name, labels in mine.items() for number in labels]
readers = {
    "you": [mine[name][number] for name, number in places],
    "first": [dialogues[name].turns[number].understanding for name, number in places],
    "second": [given_second[place] for place in places],
}
for one, other in (("you", "first"), ("you", "second"), ("first", "second")):
    same = sum(a == b for a, b in zip(readers[one], readers[other], strict=True))
    print(f"{one:>6} and {other:<7} agree on {same:>2} of {len(places)} turns, kappa {kappa(readers[one], readers[other]):.2f}")
print("\nWhere anybody differs:")
for place, labels in zip(places, zip(*readers.values(), strict=True), strict=True):
    if len(set(labels)) > 1:
        print(
            f"  {place[0]} {place[1]:>2}  you {labels[0]}, first {labels[1]}, second {labels[2]}\n      “{dialogues[place[0]].turns[place[1]].text}”"
        )

# %% [markdown]
# ## Gap 3: settle one
#
# Choose a turn on which two of the three readings differ. Decide, with the codebook open, and give your reason in a sentence or two that quotes
# words of the turn. This is what a labelling meeting does all day.

# %%
# solution
settled = ("horns-on-the-book-cover", 6)
reason = (
    "It is partial and not wrong: “thats ONE” is right, since one helmet is few, and “the others had horns” only says the old idea again. "
    "The codebook calls a right step after which the old idea is only said again partial, and both parts can be pointed at."
)
# gap
#: settled = ("", 0)  # the dialogue's name and the turn
#: reason = ""  # why, with some words of the turn
# end

# %%
# check: 3 one disagreement is settled
assert settled in places, '`settled` names a dialogue and one of its student turns, such as ("horns-on-the-book-cover", 6).'
assert len({labels[places.index(settled)] for labels in readers.values()}) > 1, (
    "All three readers agree on this turn; choose one on which they differ."
)
said = dialogues[settled[0]].turns[settled[1]].text.lower()
pieces = [
    piece for piece in (part.strip(' .,!?”“"') for part in reason.lower().replace("“", '"').replace("”", '"').split('"')[1::2]) if piece
]
assert len(reason.split()) >= 12, f"`reason` has {len(reason.split())} words; say in at least 12 what decides it."
assert any(piece in said for piece in pieces), (
    "Quote at least one word of the turn in `reason`, in double quotes, exactly as the student says it."
)

# %% [markdown]
# ## Gap 4: why not simply count?
#
# Write two lists of ten labels each, from two readers who agree on at least 8 of the 10, with a kappa *below* 0.2. What has to be true of the
# labels for that to happen?

# %%
# solution
reader_a = ["correct"] * 9 + ["wrong"]
reader_b = ["wrong"] + ["correct"] * 9
# gap
#: reader_a = [...]
#: reader_b = [...]
# end

# %%
# check: 4 many agree and kappa is low
assert len(reader_a) == len(reader_b) == 10, f"Write ten labels in each list; there are {len(reader_a)} and {len(reader_b)}."
same = sum(a == b for a, b in zip(reader_a, reader_b, strict=True))
assert same >= 8, f"Your readers agree on {same} of 10; make it at least 8."
assert len({*reader_a, *reader_b}) > 1, "With one single label kappa is 0 divided by 0. Let each reader differ once."
value = kappa(reader_a, reader_b)
assert value < 0.2, f"Your kappa is {value:.2f}, which is not below 0.2. What if nearly every turn had the same label?"
print(f"They agree on {same} of 10, and kappa is {value:.2f}: if nearly all turns are alike, agreeing on them shows nothing.")

# %% [markdown]
# ## Keep
#
# Your labels are written to `course/work/session_1.json`. In session 6 you judge tutors by scores; remember then that even a label is a decision.

# %%
import json

lab.WORK.mkdir(parents=True, exist_ok=True)
kept = {"labels": mine, "settled": [*settled, reason], "kappa_with_first": round(kappa(readers["you"], readers["first"]), 3)}
(lab.WORK / "session_1.json").write_text(json.dumps(kept, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
print("Kept in", lab.WORK / "session_1.json")
