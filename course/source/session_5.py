# %% [markdown]
# # Session 5: LoRA
#
# Fine-tuning changes all 135 million weights and leaves you a copy of the whole model. LoRA (Hu et al. 2021) leaves the weights alone and learns a small
# difference beside each of them. The file is fifty times smaller, it belongs to you, and one base can carry many tutors.
#
# Today you build the difference, train one, merge one, and write the part without which no tutor works in a classroom: what to leave out when a
# conversation gets too long.

# %%
import os
import sys
from pathlib import Path

ROOT = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "dvc.yaml").exists())
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))

import shutil

import torch

from course import lab
from three_tutors.language_model import adapters, chat_template
from three_tutors.language_model import base as base_model
from three_tutors.language_model.finetune import finetune
from three_tutors.language_model.settings import LINEAR, Lora, Settings
from three_tutors.language_model.supervision import examples
from three_tutors.language_model.weights import read_tensors
from three_tutors.tutoring.dialogue import Turn
from three_tutors.tutoring.formats import hugging_face_row, messages

BASE = lab.base()
tokenizer = base_model.load_tokenizer(BASE)
config = base_model.load_config(BASE)
print(f"{config.num_hidden_layers} layers, states of {config.hidden_size} numbers")

# %% [markdown]
# ## Gap 1: the difference
#
# A layer multiplies its input by a matrix $W$ of shape (out, in). LoRA adds a second way round it, through a bottleneck of $r$ numbers:
#
# $$y = x W^T + \frac{\alpha}{r}\; x A^T B^T \qquad A: (r, \text{in}),\; B: (\text{out}, r)$$
#
# $B$ begins with zeros. Write the forward pass, and count what is learned.


# %%
# solution
def lora_forward(x, weight, a, b, alpha):
    """Return the output of a layer with its adapter; x is (tokens, in)."""
    return x @ weight.T + (alpha / a.shape[0]) * (x @ a.T) @ b.T


def learned(out_size, in_size, r):
    """Return how many numbers an adapter of rank r beside an (out, in) matrix has."""
    return r * in_size + out_size * r


# gap
#: def lora_forward(x, weight, a, b, alpha):
#:     """Return the output of a layer with its adapter; x is (tokens, in)."""
#:     return x @ weight.T  # + ...; a.shape[0] is r
#:
#:
#: def learned(out_size, in_size, r):
#:     """Return how many numbers an adapter of rank r beside an (out, in) matrix has."""
#:     return ...
# end

# %%
# check: 1 the adapter
torch.manual_seed(0)
x, weight, a, b = torch.randn(4, 6), torch.randn(5, 6), torch.randn(2, 6), torch.randn(5, 2)
assert torch.allclose(lora_forward(x, weight, a, torch.zeros(5, 2), 8), x @ weight.T), "With B = 0 the layer has to do what it did before."
by_hand = x @ (weight + 4 * b @ a).T
assert lora_forward(x, weight, a, b, 8).shape == by_hand.shape, (
    f"The output has the shape {tuple(lora_forward(x, weight, a, b, 8).shape)} instead of (4, 5)."
)
assert torch.allclose(lora_forward(x, weight, a, b, 8), by_hand, atol=1e-4), (
    "With r = 2 and alpha = 8 the adapter's product counts four times (alpha / r). Look at the second summand."
)
assert learned(5, 6, 2) == 22, f"A is (2, 6) and B is (5, 2), which makes 22 numbers; yours says {learned(5, 6, 2)}."
weights = read_tensors(BASE / base_model.WEIGHTS)
whole = sum(tensor.numel() for tensor in weights.values())
adapted = [tensor for name, tensor in weights.items() if name.split(".")[-2] in LINEAR]
for r in (4, 8, 64):
    count = sum(learned(*tensor.shape, r) for tensor in adapted)
    print(f"rank {r:>2}: {count:>11,} numbers are learned, {100 * count / whole:.1f} % of {whole:,}")

# %% [markdown]
# ## Gap 2: learn the teacher, not the student
#
# The training text holds the frame, the student and the teacher. Learned is only what the teacher says, up to the token that *ends* the turn: a model that
# never learns to stop talks on for ever. In PyTorch, a label of -100 means "do not learn this token".

# %%
dialogue = lab.named("rain-at-the-barbecue")[0]
row = hugging_face_row(dialogue)
ids, spans = chat_template.encode_with_spans(tokenizer, row["messages"])
print(f"{len(ids)} tokens; the teacher's turns are tokens {spans}, each from its first word to its end-of-turn token")


# solution
def labels(ids, spans):
    """Return a label for every token: its own id where it is learned, -100 elsewhere."""
    made = [-100] * len(ids)
    for start, end in spans:
        made[start:end] = ids[start:end]
    return made


# gap
#: def labels(ids, spans):
#:     """Return a label for every token: its own id where it is learned, -100 elsewhere."""
#:     return list(ids)
# end

# %%
# check: 2 only the teacher is learned
made = labels(ids, spans)
assert len(made) == len(ids), f"There are {len(made)} labels for {len(ids)} tokens."
(example,) = examples(tokenizer, [row], "all", 1024)
student = [place for place, label in enumerate(made) if label != -100 and place not in set(example.positions)]
assert not student, (
    f"{len(student)} tokens are learned that no teacher said, the first is “{tokenizer.decode([ids[student[0]]])}”. Their label is -100."
)
missing = [place for place in example.positions if made[place] != ids[place]]
assert not missing, (
    f"Token {missing[0]}, “{tokenizer.decode([ids[missing[0]]])}”, is the teacher's and is not learned. The end of a span is not included in range(start, end)."
)
print(
    "".join(
        f"[{tokenizer.decode([token])}]" if label != -100 else tokenizer.decode([token]) for token, label in zip(ids, made, strict=True)
    )
)

# %% [markdown]
# ## Gap 3: train one
#
# Choose the settings. Rank 4 is plenty for so few dialogues; `alpha` is usually twice the rank; adapters want a learning rate ten times higher than whole
# models do: 4e-3 here. One epoch is one pass over the dialogues.

# %%
train = [hugging_face_row(one) for one in lab.dialogues("train", 3 if lab.QUICK else 5)]
validation = [hugging_face_row(one) for one in lab.dialogues("validation", 1)]
# solution
settings = Settings(learning_rate=4e-3, epochs=1, batch_size=1, lora=Lora(r=4, alpha=8))
# gap
#: settings = Settings(learning_rate=..., epochs=..., batch_size=1, lora=Lora(r=..., alpha=...))
# end

# %%
# check: 3 an adapter is trained
assert ... not in (settings.learning_rate, settings.epochs, settings.lora.r, settings.lora.alpha), (
    "Replace the four `...` in Settings by numbers."
)
assert settings.epochs <= 3, f"{settings.epochs} epochs take {settings.epochs} times as long; 1 is enough to see it learn."
ADAPTER = lab.WORK / "adapter"
shutil.rmtree(ADAPTER, ignore_errors=True)
outcome = finetune(BASE, train, validation, settings, folder=ADAPTER, scratch=lab.scratch() / "lora")
before, after = outcome.epochs[0], outcome.epochs[outcome.best_epoch]
print(f"validation loss {before.valid_loss:.3f} before, {after.valid_loss:.3f} after {len(outcome.steps)} steps, {outcome.seconds:.0f} s")
size, all_size = (ADAPTER / adapters.WEIGHTS).stat().st_size, (BASE / base_model.WEIGHTS).stat().st_size
print(f"the adapter has {size / 1e6:.1f} MB, the base {all_size / 1e6:.0f} MB")
for step in outcome.steps:
    print(f"  step {step.step:>2}  loss {step.loss:.3f}  {'#' * int(10 * step.loss)}")
assert outcome.best_epoch > 0, (
    "The validation loss rose: the learning rate is too high, or there were too many steps. Try 4e-3 and one epoch."
)

# %% [markdown]
# ## Gap 4: merge it
#
# For answering, the difference can be added to the weights once: then the tutor is as fast as its base. For one layer: which tensor takes the place of
# `weight`?

# %%
low = read_tensors(ADAPTER / adapters.WEIGHTS)
name = next(name for name in sorted(low) if name.endswith("lora_A.weight"))
target = name.removeprefix(adapters.PREFIX).replace(".lora_A.", ".")
weight, a, b = weights[target].float(), low[name].float(), low[name.replace("lora_A", "lora_B")].float()
print(f"{target}: W {tuple(weight.shape)}, A {tuple(a.shape)}, B {tuple(b.shape)}")
# solution
merged = weight + settings.lora.alpha / settings.lora.r * b @ a
# gap
#: merged = ...
# end

# %%
# check: 4 one layer is merged
assert isinstance(merged, torch.Tensor), "`merged` is still `...`: W plus alpha / r times B times A."
expected = adapters.merged(weights, ADAPTER)[target]
assert merged.shape == weight.shape, (
    f"`merged` has the shape {tuple(merged.shape)} instead of {tuple(weight.shape)}. In which order do B and A multiply?"
)
assert torch.allclose(merged.to(expected.dtype).float(), expected.float(), atol=1e-2), "The values differ: do not forget alpha / r."
print(f"the adapter moved this matrix by {100 * float((merged - weight).norm() / weight.norm()):.1f} % of its length")

# %% [markdown]
# ## Gap 5: a conversation that is too long
#
# A model reads at most so many tokens. A tutor for a classroom therefore leaves something out, and what it leaves out decides whether it still makes sense:
# the newest student turn always stays, whole *exchanges* (student and teacher) go, oldest first, and what is left begins with the student.
#
# Write `fit`. `count(turns)` returns the tokens of some turns.


# %%
# solution
def fit(turns, most, count):
    """Return the longest end of the conversation that has at most `most` tokens; it begins and ends with a student turn."""
    kept = list(turns)
    while len(kept) > 1 and count(kept) > most:
        kept = kept[2:]
    return kept


# gap
#: def fit(turns, most, count):
#:     """Return the longest end of the conversation that has at most `most` tokens; it begins and ends with a student turn."""
#:     return turns
# end


def count(turns):
    """Return the tokens of a prompt with these turns."""
    return len(chat_template.prompt_ids(tokenizer, messages(dialogue.lesson, turns)))


# %%
# check: 5 history fits the window
long = [Turn("student" if number % 2 == 0 else "teacher", f"Turn number {number} about the lamp.") for number in range(9)]
for most in (count(long), count(long) - 1, count(long[6:]), count(long[8:])):
    kept = fit(long, most, count)
    assert kept and kept[-1] == long[-1], f"With {most} tokens the newest student turn is gone; it always stays."
    assert kept[0].speaker == "student", f"With {most} tokens the conversation begins with the teacher; leave out whole exchanges."
    assert count(kept) <= most, f"With {most} tokens yours keeps {len(kept)} turns, which take {count(kept)}."
    best = max(len(long[start:]) for start in range(0, 9, 2) if count(long[start:]) <= most)
    assert len(kept) == best, f"With {most} tokens there is room for {best} turns, and yours keeps {len(kept)}."
    print(f"{most:>4} tokens: {len(kept)} of {len(long)} turns")

# %% [markdown]
# ## Look: your adapter replies

# %%
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.replies import Options

asked = [(one, one.turns[:1]) for one in lab.dialogues("test", 2)]
prompts = [messages(one.lesson, turns) for one, turns in asked]
replies = {
    who: Generator(BASE, folder, slots=2).replies(prompts, Options(max_tokens=lab.TOKENS))
    for who, folder in (("base", None), ("yours", ADAPTER))
}
for number, (_, turns) in enumerate(asked):
    print(f"student  {turns[-1].text}")
    for who, said in replies.items():
        print(f"{who:<8} {said[number].text}")
    print()

# %% [markdown]
# ## Think
#
# 1. A class of 25 chats at once. What has to be in memory for it, with one adapter, and with 25?
# 2. Your adapter was trained on dialogues of one school. Whose is it, and what would have to be forgotten if a family asked for it?
# 3. Sketch how you would deploy it: where it runs, who watches, how you go back to yesterday's adapter.
#
# Your adapter is in `course/work/adapter`; the class page and the project's own tools open it.
