# %% [markdown]
# # Session 3: A DSPy tutor in sixty lines
#
# The cheapest way to make a tutor is to change only what the model *reads*. With DSPy you write down what goes in and what comes out, and a
# program looks for a better prompt. Today you write the module that the assignment calls `TeacherStudentDialogueModel`, a metric for it, and let
# DSPy choose worked examples.
#
# The model behind it is small (135 million parameters) and runs on your machine behind the same protocol as OpenAI's. It will say silly things.
# That makes it a good model to learn with: you will see what a prompt can do and what it cannot.

# %%
import os
import sys
from pathlib import Path

ROOT = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "dvc.yaml").exists())
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))

from course import lab  # isort: split

import dspy

from three_tutors.prompting.adapter import PlainChatAdapter
from three_tutors.tutoring.formats import TEACHER_INSTRUCTION, messages

server = lab.service()
lm = dspy.LM("openai/base", api_base=server.base_url, api_key=server.api_key, cache=False, temperature=0.0, max_tokens=lab.TOKENS)
dspy.configure(lm=lm, adapter=PlainChatAdapter())
print(lm("I got 2/5 for 1/2 + 1/3. Is that right?")[0])

# %% [markdown]
# You asked nobody to be a tutor, so nobody was. A *frame* says who speaks, to whom, about what. Note what it leaves out: the answer. A tutor that
# was told the answer can give it away.


# %%
def frame_of(lesson):
    """Return who speaks, to whom, about what; how to reply is the signature's business."""
    return messages(lesson, ())[0]["content"].removesuffix(TEACHER_INSTRUCTION).strip()


lesson = lab.named("one-wire-bulb")[0].lesson
frame = frame_of(lesson)
print(frame)
print("\nKept from the tutor:", lesson.answer, "and", lesson.misconception)

# %% [markdown]
# ## Gap 1: the signature
#
# A signature names inputs and outputs; its docstring is the instruction, which an optimiser may change. Add the two missing fields: what the student
# just `said` (a `str` that goes in) and the `reply` (a `str` that comes out).


# %%
# solution
class TutorTurn(dspy.Signature):
    """Build on what the student just said, reply in one to three short sentences, ask one question, and let the student find the answer."""

    frame: str = dspy.InputField(desc="who speaks, to whom, about what")
    history: dspy.History = dspy.InputField(desc="the conversation so far")
    said: str = dspy.InputField(desc="the student's last turn")
    reply: str = dspy.OutputField(desc="the tutor's next turn, and nothing else")


# gap
#: class TutorTurn(dspy.Signature):
#:     """Build on what the student just said, reply in one to three short sentences, ask one question, and let the student find the answer."""
#:
#:     frame: str = dspy.InputField(desc="who speaks, to whom, about what")
#:     history: dspy.History = dspy.InputField(desc="the conversation so far")
#:     ...
# end

# %%
# check: 1 the signature
assert "said" in TutorTurn.input_fields, "The signature has no input `said`: `said: str = dspy.InputField(desc=...)`."
assert list(TutorTurn.output_fields) == ["reply"], "The signature needs exactly one output, `reply: str = dspy.OutputField(desc=...)`."

# %% [markdown]
# ## Gap 2: the module
#
# `forward` replies to one turn. Before it does, it should *check what the turn shows* and choose a move for it. A larger model could say that itself;
# ours cannot, so `understanding` comes in from outside (in session 1 you were the one who knew). Write the line that puts the move behind the frame.

# %%
# solution
MOVES = {
    "correct": "The student is right: say so and ask how they know.",
    "partial": "Part of it is right: name that part and ask about the rest.",
    "wrong": "The student is mistaken: do not praise; ask for one case that the idea cannot explain.",
    "confused": "The student is lost: make the step smaller.",
    "off_topic": "Come back to the lesson in a friendly way.",
}


class TeacherStudentDialogueModel(dspy.Module):
    """A tutor in a conversation of any length."""

    def __init__(self):
        super().__init__()
        self.turn = dspy.Predict(TutorTurn)

    def forward(self, frame, history, said, understanding=""):
        """Reply to one student turn."""
        move = MOVES.get(understanding, "")
        return self.turn(frame=f"{frame} {move}".strip(), history=history, said=said)


# gap
#: MOVES = {
#:     "correct": "The student is right: say so and ask how they know.",
#:     "wrong": "",  # what should the tutor do now? one sentence to the tutor; then add partial, confused and off_topic
#: }
#:
#:
#: class TeacherStudentDialogueModel(dspy.Module):
#:     """A tutor in a conversation of any length."""
#:
#:     def __init__(self):
#:         super().__init__()
#:         self.turn = dspy.Predict(TutorTurn)
#:
#:     def forward(self, frame, history, said, understanding=""):
#:         """Reply to one student turn."""
#:         move = ...  # the sentence of MOVES for this understanding, "" where there is none
#:         return self.turn(frame=f"{frame} {move}".strip(), history=history, said=said)
# end


def asked(module, **inputs):
    """Return the messages that a module sends for these inputs."""
    heard = []

    class Ear(dspy.LM):
        def __call__(self, prompt=None, messages=None, **rest):
            heard.extend(messages or [])
            return ["(nothing)"]

    with dspy.context(lm=Ear("openai/base", cache=False)):
        module(**inputs)
    return heard


# %%
# check: 2 the module chooses a move
missing = [label for label in ("correct", "partial", "wrong", "confused", "off_topic") if not MOVES.get(label)]
assert not missing, f"MOVES says nothing yet about {', '.join(missing)}."
tutor = TeacherStudentDialogueModel()
nothing = dspy.History(messages=[])
sent = asked(tutor, frame=frame, history=nothing, said="Electricity goes up my wire.", understanding="wrong")
assert MOVES["wrong"] in sent[0]["content"], (
    'The system message does not hold MOVES["wrong"]. Look `understanding` up in MOVES inside `forward`.'
)
sent = asked(tutor, frame=frame, history=nothing, said="Hello?")
assert "None" not in sent[0]["content"] and "Ellipsis" not in sent[0]["content"], (
    'Without an understanding the move has to be an empty text: MOVES.get(understanding, "").'
)
for message in sent:
    print(f"[{message['role']}] {message['content']}\n")

# %% [markdown]
# ## Gap 3: a conversation
#
# A model remembers nothing: whatever it should know of the conversation is sent again with every turn. `converse` plays a whole lesson with a student
# whose turns are fixed. After each reply it has to add what was `said` and the `reply` to the exchanges.


# %%
# solution
def converse(tutor, frame, student_turns):
    """Return the tutor's replies to a student who says `student_turns`, one after the other."""
    exchanges, replies = [], []
    for said in student_turns:
        reply = tutor(frame=frame, history=dspy.History(messages=exchanges), said=said).reply
        replies.append(reply)
        exchanges = [*exchanges, {"said": said, "reply": reply}]
    return replies


# gap
#: def converse(tutor, frame, student_turns):
#:     """Return the tutor's replies to a student who says `student_turns`, one after the other."""
#:     exchanges, replies = [], []
#:     for said in student_turns:
#:         reply = tutor(frame=frame, history=dspy.History(messages=exchanges), said=said).reply
#:         replies.append(reply)
#:         ...  # add {"said": ..., "reply": ...} to the exchanges
#:     return replies
# end

# %%
# check: 3 the conversation remembers
seen = []


class Parrot:
    """A tutor that notes how long the history was."""

    def __call__(self, frame, history, said):
        seen.append([dict(one) for one in history.messages])
        return dspy.Prediction(reply=f"You say: {said}")


converse(Parrot(), frame, ["one", "two", "three"])
assert [len(one) for one in seen] == [0, 1, 2], (
    f"The history had {[len(one) for one in seen]} exchanges at the three turns; it should have 0, 1 and 2."
)
assert seen[2][1] == {"said": "two", "reply": "You say: two"}, (
    f"The second exchange is {seen[2][1]}; it should hold what was said and the reply to it."
)
student = ["Mine's broken. I put a wire from the bumpy end to the tip of the bulb.", "But electricity goes up my wire!"]
for said, reply in zip(student, converse(tutor, frame, student), strict=True):
    print(f"student  {said}\ntutor    {reply}\n")

# %% [markdown]
# ## Gap 4: what is a reply worth?
#
# An optimiser climbs whatever you measure. Write a metric between 0 and 1:
#
# - 0 if the reply says one of the lesson's answers;
# - otherwise a third each for: exactly one question mark; 5 to 45 words; a word of at least four letters that the student used too.


# %%
# solution
def words(text):
    """Return the words of a text in lower case."""
    return [word.strip(".,;:!?\"'()").lower() for word in text.split()]


def metric(example, prediction, trace=None):
    """Return what a reply is worth, 0 to 1."""
    reply = prediction.reply
    if any(form.lower() in reply.lower() for form in example.answer):
        return 0.0
    shared = {word for word in words(example.said) if len(word) >= 4} & set(words(reply))
    return (int(reply.count("?") == 1) + int(5 <= len(reply.split()) <= 45) + int(bool(shared))) / 3


# gap
#: def words(text):
#:     """Return the words of a text in lower case."""
#:     return [word.strip(".,;:!?\"'()").lower() for word in text.split()]
#:
#:
#: def metric(example, prediction, trace=None):
#:     """Return what a reply is worth, 0 to 1."""
#:     reply = prediction.reply
#:     ...
#:     return 0.0
# end

# %%
# check: 4 the metric
turn = dspy.Example(said="Electricity goes up my wire.", answer=["way back"])
tries = {
    "Where along the wire does your finger get stuck?": 1.0,
    "It needs a way back. Where along the wire does it get stuck?": 0.0,
    "Where is the wire? And where does it end? Look closely.": 2 / 3,
    "Nice wire.": 1 / 3,
    "Think about this problem again, slowly and carefully.": 1 / 3,
}
for reply, worth in tries.items():
    got = metric(turn, dspy.Prediction(reply=reply))
    assert abs(got - worth) < 0.01, f"“{reply}” should be worth {worth:.2f}, and your metric says {got:.2f}."
trick = "Test your idea about electricity on one new case: does it still work?"
print(f"Your metric gives {metric(turn, dspy.Prediction(reply=trick)):.2f} to “{trick}”. Would you? Session 6 comes back to this.")

# %% [markdown]
# ## Look: let DSPy choose examples
#
# Training examples come from training dialogues, the comparison from validation dialogues. The held-out test dialogues stay closed: whoever
# chooses by them has nothing left to be surprised by. `LabeledFewShot` puts two turns of our teachers into the prompt.


# %%
def examples(dialogues):
    """Return a DSPy example for every teacher turn that answers a student."""
    made = []
    for one in dialogues:
        for at in range(1, len(one.turns), 2):
            exchanges = [{"said": one.turns[i].text, "reply": one.turns[i + 1].text} for i in range(0, at - 1, 2)]
            made.append(
                dspy.Example(
                    frame=frame_of(one.lesson),
                    history=dspy.History(messages=exchanges),
                    said=one.turns[at - 1].text,
                    understanding=one.turns[at - 1].understanding,
                    reply=one.turns[at].text,
                    answer=one.lesson.answer,
                ).with_inputs("frame", "history", "said", "understanding")
            )
    return made


train, validation = examples(lab.dialogues("train", 6)), examples(lab.dialogues("validation", 3))[: 3 if lab.QUICK else 6]
with_examples = dspy.LabeledFewShot(k=2).compile(TeacherStudentDialogueModel(), trainset=train)
evaluate = dspy.Evaluate(devset=validation, metric=metric, num_threads=6, display_progress=False)
for name, module in {"plain": tutor, "with two examples": with_examples}.items():
    result = evaluate(module)
    print(f"\n{name}: {result.score:.0f} of 100 on {len(validation)} turns")
    for example, prediction, worth in result.results[:3]:
        print(f"  student  {example.said}\n  tutor    {prediction.reply}   ({worth:.2f})")

# %% [markdown]
# ## Gap 5: keep the program
#
# A DSPy program is a JSON file: an instruction and examples, which anybody can read. Save `with_examples` to `path` with its method `save`, and load it
# into a new module with `load`.

# %%
path = lab.WORK / "dspy/program.json"
path.parent.mkdir(parents=True, exist_ok=True)
# solution
with_examples.save(path)
loaded = TeacherStudentDialogueModel()
loaded.load(path)
# gap
#: loaded = TeacherStudentDialogueModel()
#: ...
# end

# %%
# check: 5 the program is kept
assert path.exists(), f"There is no file {path} yet: with_examples.save(path)."
assert [one["reply"] for one in loaded.turn.demos] == [one["reply"] for one in with_examples.turn.demos], (
    "`loaded` has other examples than `with_examples`: loaded.load(path)."
)
print(path.read_text(encoding="utf-8")[:700], "…")

# %% [markdown]
# ## Think
#
# 1. Which figure was higher, and by how many turns? Would you bet on it with six other turns?
# 2. What did the examples change: what the tutor knows, or how it sounds?
# 3. Which of these belongs into a prompt, and which does a prompt never give: manners, facts, patience, memory?
