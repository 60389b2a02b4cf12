# %% [markdown]
# # Session 2: Write five dialogues, with the gate as the grader
#
# Everything a tutor learns in this project comes from dialogues that people wrote. Today you write five. A program, the *gate*, reads them
# within a second and names every problem with line and column. At the end you find out what it cannot see.

# %%
import os
import sys
from pathlib import Path

ROOT = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "dvc.yaml").exists())
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))

from collections import Counter
from statistics import median

from course import lab
from three_tutors.checking.gate import check

MINE = lab.WORK / "dialogues"
EXERCISES = lab.SCRATCH / "dialogues"


def gate(*paths):
    """Check files or folders and print what is wrong; return the verdict."""
    verdict = check(paths, lab.LIMITS)
    for problem in verdict.problems:
        print(f"{Path(problem.path).name}:{problem.line}:{problem.column}  {problem.code} {problem.message}\n      {problem.hint}")
    print(verdict.summary)
    return verdict


def save(text, folder=MINE):
    """Write one dialogue to the folder of its subject, under the name that it gives itself."""
    head = dict(line.split(":", 1) for line in text.partition("turns:")[0].splitlines() if ":" in line)
    path = folder / head.get("subject", "subject").strip() / f"{head.get('id', 'no-id').strip()}.yaml"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("# yaml-language-server: $schema=../../dialogue.schema.json\n" + text.lstrip(), encoding="utf-8")
    return path


print((ROOT / "data/raw/template.yaml").read_text(encoding="utf-8"))

# %% [markdown]
# ## Look at a mistake
#
# The gate finds six things in this dialogue. Run the gate and read what it says: the code (`E…` stops everything, `W…` is a warning), where,
# and what to do.

# %%
FAULTY = """
id: half-of-a-half
subject: mathematics
grade: 4
topic: Half of a half
objective: Say what half of a half is, with a drawing.
misconception: Half of a half is nothing, because half takes half away.
answer: ["a quarter", "1/4"]
turns:
  - student: half of a half is zero bc u take half away
    understanding: wrong
  - teacher: Great job! Half of a half is a quarter. Do you see it? Why is that?
    strategy: socratic_questioning
  - student: no??
    understanding: lost
  - teacher: Draw a bar and cut it into two halves. Now cut one of them in half. How many such pieces fit into the bar?
    strategy: scaffolding
  - student: 4. so its one of four
    understanding: correct
"""
verdict = gate(save(FAULTY, EXERCISES))

# %% [markdown]
# ## Gap 1: mend it
#
# Copy the text from above and mend it until the gate is silent. Do not only please the gate: what would *you* say to this student?

# %%
# solution
mended = """
id: half-of-a-half
subject: mathematics
grade: 4
topic: Half of a half
objective: Say what half of a half is, with a drawing.
misconception: Half of a half is nothing, because half takes half away.
answer: ["a quarter", "1/4"]
turns:
  - student: half of a half is zero bc u take half away
    understanding: wrong
  - teacher: Take half of something away and see. Fold a paper strip in the middle and tear it there. What is left in your hand?
    strategy: misconception_handling
  - student: a half. not nothing
    understanding: correct
  - teacher: So taking half away left a half. Fold that piece again. How many such small pieces made the whole strip?
    strategy: scaffolding
  - student: 4. so its one of four
    understanding: correct
  - teacher: One of four, and you folded it yourself. What would half of that small piece be, and how many fit into the strip?
    strategy: check_understanding
"""
# gap
#: mended = """
#: id: half-of-a-half
#: subject: mathematics
#: """
# end

# %%
# check: 1 the mended dialogue passes the gate
verdict = gate(save(mended, EXERCISES))
assert not verdict.errors, (
    f"{len(verdict.errors)} errors are left; the first is {verdict.errors[0].code} in line {verdict.errors[0].line}: {verdict.errors[0].message}."
)
assert len(verdict.dialogues[0].turns) >= 5, "Mend the turns instead of deleting them: at least 5 should be left."

# %% [markdown]
# ## Gap 2: five of your own
#
# Take five things that students get wrong, each from a subject that you know. What makes a dialogue worth learning from:
#
# - the student sounds like one: short, informal, half-right;
# - the teacher takes up the student's words, asks one thing at a time and lets the student find the answer;
# - praise says *what* was good, and never follows a mistake;
# - not every lesson ends well, and not every student is willing.
#
# Six turns are enough. Write each between the triple quotes, or as files `course/work/dialogues/<subject>/<id>.yaml` in an editor that
# completes the keys (VS Code with the YAML extension); then leave the list empty.

# %%
# solution
FIVE = [
    """
id: shadow-with-no-sun-side
subject: physics
grade: 3
topic: Where a shadow falls
objective: Predict on which side of a thing its shadow falls.
misconception: The shadow falls on the side where the sun is, because the light makes it.
answer: ["away from the sun", "the other side"]
outcome: solved
turns:
  - student: my shadow is on the sun side bc the sun makes it
    understanding: wrong
  - teacher: The sun has a part in it, true. Stand a pencil up by the lamp. Where is its shadow, on the lamp's side or not?
    strategy: misconception_handling
  - student: not. its behind the pencil
    understanding: correct
  - teacher: Now carry the lamp round to the window. Guess first where the shadow goes.
    strategy: scaffolding
  - student: to the door
    understanding: correct
  - teacher: It did. What does the pencil do to the light that makes this dark stripe?
    strategy: socratic_questioning
  - student: stops it. so mine is away from the sun
    understanding: correct
  - teacher: You moved the lamp and the stripe ran off. At noon yours is tiny. What could the sun be doing then?
    strategy: check_understanding
""",
    """
id: loop-that-never-says-stop
subject: programming
grade: 10
topic: While loops
objective: Find the line that has to change so that a while loop ends.
misconception: A while loop ends by itself after some time.
answer: ["n = n - 1", "n -= 1"]
outcome: partly
turns:
  - student: "i wrote n = 3 and while n > 0 print n. it wont stop?? it should after 3"
    understanding: wrong
  - teacher: Be the computer for a moment. Write n on paper. What stands there after the first print?
    strategy: scaffolding
  - student: 3
    understanding: correct
  - teacher: And after the second?
    strategy: socratic_questioning
  - student: still 3... ohh. nobody changes it
    understanding: correct
  - teacher: Nobody does. Which line would you add, and inside the loop or after it?
    strategy: socratic_questioning
  - student: n - 1 inside
    understanding: partial
  - teacher: Inside is the right place. Type n - 1 alone into Python, then ask it what n is. What do you see?
    strategy: scaffolding
""",
    """
id: loud-letters-for-names
subject: language_arts
grade: 2
topic: Capital letters
objective: Use a capital letter for a name.
misconception: Important words get a capital letter.
answer: []
outcome: unresolved
turns:
  - student: i wrote my Dog is Big bc hes important
    understanding: wrong
  - teacher: He sounds important. What do you call when he should come to you?
    strategy: clarification_request
  - student: biscuit!!
    understanding: correct
  - teacher: Biscuit belongs to him alone. Does dog belong to him alone too, or to other dogs as well?
    strategy: misconception_handling
  - student: all dogs but he is the best one. can i draw him now
    understanding: partial
  - teacher: Draw him and write under it what he is called. We will look tomorrow which of your words is only his.
    strategy: encouragement
""",
    """
id: sale-on-top-of-a-sale
subject: economics
grade: 8
topic: Two discounts after each other
objective: Work out the price after 20 % off and another 10 % off.
misconception: Discounts of 20 % and 10 % are 30 % together.
answer: ["72"]
outcome: solved
turns:
  - student: shoes cost 100, 20 off and then 10 more off at the till. so 70
    understanding: wrong
  - teacher: Walk to the till with them. What does the tag say after the first discount?
    strategy: scaffolding
  - student: 80
    understanding: correct
  - teacher: The till takes 10 % off. Ten per cent of which number?
    strategy: socratic_questioning
  - student: of 80? thats 8. so not 30 at all
    understanding: correct
  - teacher: Not 30, as you found. What do you pay then, and would it matter if the till took its part first?
    strategy: check_understanding
  - student: 72. and the other way 90 then 18 off also 72, weird
    understanding: correct
  - teacher: Worth being puzzled by. Write both ways as one multiplication each and compare them.
    strategy: scaffolding
""",
    """
id: ser-for-being-tired
subject: spanish
grade: 7
topic: Ser and estar
objective: Choose between ser and estar for how somebody feels today.
misconception: Ser is the verb "to be" and fits everywhere.
answer: ["estoy cansada", "estoy cansado"]
situation: short_answers
outcome: told
turns:
  - student: soy cansada
    understanding: wrong
  - teacher: Somebody who hears that thinks you are a tiring person. Are you one, or is it today?
    strategy: misconception_handling
  - student: today
    understanding: correct
  - teacher: Spanish keeps a second verb for today's state. Which other word for "I am" do you know from "I am at home"?
    strategy: scaffolding
  - student: idk
    understanding: confused
  - teacher: You know the one in ¿Cómo estás? Turn it round so that it speaks of you.
    strategy: scaffolding
  - student: esto?
    understanding: partial
  - teacher: "Nearly, one letter more: estoy. So for today it is estoy cansada. Now say that you are ill today, enferma."
    strategy: direct_explanation
""",
]
# gap
#: FIVE = [
#:     """
#: id: name-of-your-dialogue
#: subject: physics
#: """,
#:     """
#: """,
#:     """
#: """,
#:     """
#: """,
#:     """
#: """,
#: ]
# end

for text in FIVE:
    if "turns:" in text:
        save(text)
verdict = gate(MINE) if any(MINE.rglob("*.yaml")) else None

# %%
# check: 2 five dialogues pass the gate
written = verdict.dialogues if verdict else []
assert verdict and not verdict.errors, (
    f"{len(verdict.errors)} errors are left; the first is in {Path(verdict.errors[0].path).name}, line {verdict.errors[0].line}: {verdict.errors[0].code} {verdict.errors[0].message}."
    if verdict
    else f"There is no dialogue in {MINE} yet. Write the five."
)
assert len(written) >= 5, f"{len(written)} of 5 dialogues are there. A text without `turns:` is not counted."
short = [one.id for one in written if len(one.turns) < 6]
assert not short, f"{', '.join(short)} has fewer than 6 turns: too short to see a student change."

# %% [markdown]
# ## Gap 3: are they good?
#
# Passing is the least. The eight moves that a teacher can make are in `data/raw/codebook.md` under "Strategy". Compare your five with 40 of the project's dialogues. Then change yours until the next check holds too.


# %%
def shape(some):
    """Return figures of a set of dialogues: words a turn, and how often each label stands there, in per cent."""
    turns = [turn for one in some for turn in one.turns]
    figures = {
        f"words a {who} turn": median(len(turn.text.split()) for turn in turns if turn.speaker == who) for who in ("student", "teacher")
    }
    for kind in ("understanding", "strategy"):
        labels = Counter(label for turn in turns if (label := getattr(turn, kind)))
        figures |= {label: 100 * count / labels.total() for label, count in labels.most_common()}
    return figures


yours, ours = shape(written), shape(lab.dialogues("train", 40))
for name in ours:
    print(f"{name:<24}{yours.get(name, 0):>6.0f}{ours[name]:>8.0f}")
print(" " * 22 + "yours  project")

# %%
# check: 3 the five differ from each other
moves = {turn.strategy for one in written for turn in one.turns if turn.strategy}
understood = [turn.understanding for one in written for turn in one.turns if turn.speaker == "student"]
subjects = {one.lesson.subject for one in written}
endings = {one.outcome for one in written}
unlabelled = [one.id for one in written if not all(turn.strategy or turn.understanding for turn in one.turns)]
assert not unlabelled, f"Turns of {', '.join(unlabelled)} have no label: `understanding` for the student, `strategy` for the teacher."
assert len(moves) >= 4, f"All your teachers make {len(moves)} moves ({', '.join(sorted(moves))}); let them make at least 4 of the eight."
assert len(set(understood)) >= 3, "Your students are all alike. Let at least one be partly right, or confused, or off the topic."
assert len(subjects) >= 2, "All five are from one subject; take at least one from another."
assert len(endings - {""}) >= 2, (
    "Say in the head how each lesson ends (`outcome: solved`, `partly`, `told`, `unresolved` or `wrong`), and let not all end alike."
)
assert yours["words a teacher turn"] <= 35, f"Your teachers say {yours['words a teacher turn']:.0f} words in the middle; 35 are plenty."

# %% [markdown]
# ## Gap 4: what the gate cannot see
#
# This dialogue passes without a word. One teacher turn teaches something false. Which one? (Turns are counted from 0.)

# %%
PASSES = """
id: why-summer-is-warm
subject: earth_science
grade: 6
topic: Seasons
objective: Explain why it is warmer in summer.
misconception: Summer is warm because the Earth is nearer to the sun.
answer: ["tilt", "tilted"]
turns:
  - student: its summer cuz were closer to the sun then
    understanding: wrong
  - teacher: If closeness were the reason, what season would it be in Australia while we have summer?
    strategy: misconception_handling
  - student: also summer. but they have winter
    understanding: correct
  - teacher: So closeness cannot be it. Hold a torch straight down on paper, then slanted. Which spot is bigger?
    strategy: scaffolding
  - student: the slanted one
    understanding: correct
  - teacher: The slanted light is spread out, so it warms less. In winter the sun stands higher, and its light arrives slanted. What follows?
    strategy: socratic_questioning
  - student: less warm in winter
    understanding: correct
  - teacher: You got there with a torch and paper. What would you tell somebody who says closeness makes the summer?
    strategy: check_understanding
"""
gate(save(PASSES, EXERCISES))
# solution
false_turn = 5
# gap
#: false_turn = ...
# end

# %%
# check: 4 the false turn is found
assert false_turn != ..., "Write the number of the teacher turn that is false."
assert false_turn % 2 == 1, "Teacher turns have odd numbers here: 1, 3, 5, 7."
assert false_turn == 5, f"Turn {false_turn} is right. Draw where the sun stands at noon in summer and in winter, and read again."
print("In winter the sun stands lower. No rule of the gate knows that: facts are the business of people, and of tests that compute them.")

# %% [markdown]
# ## Keep
#
# Your dialogues are in `course/work/dialogues`. Swap two of them with a neighbour: label the neighbour's turns as in session 1 and work out your
# kappa. To train tutors on yours, copy them to `data/raw/dialogues` and run `make repro`.

# %%
for one in written:
    print(f"{one.id:<32}{one.lesson.subject:<16}{len(one.turns)} turns, {one.outcome}")
