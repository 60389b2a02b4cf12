# %% [markdown]
# # Session 4: Fine-tune over the OpenAI protocol
#
# Instead of telling a model how to reply, you show it dialogues until it replies so by itself. OpenAI's protocol for this is spoken by several
# services, and by a server of this project on your own machine, which really trains. You use the official client. Against a paid service you
# would change two lines: the address and the key.
#
# Before anybody trains, two questions: *what exactly is learned* (gap 1), and *what does it cost* (gap 2).

# %%
import os
import sys
from pathlib import Path

ROOT = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "dvc.yaml").exists())
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))

import json
import time

import openai

from course import lab
from three_tutors.pricing import prices, tokens
from three_tutors.tutoring.formats import messages, openai_row

train = lab.dialogues("train", 2 if lab.QUICK else 6)
validation = lab.dialogues("validation", 1 if lab.QUICK else 2)
print(f"{len(train)} dialogues to learn from: {', '.join(one.id for one in train)}")

# %% [markdown]
# ## Gap 1: one line of the training file
#
# The file has one JSON object a line: `{"messages": [{"role": …, "content": …}, …]}`. The first message is the frame of the lesson
# (`messages(lesson, ())[0]` of this project renders it: the same words with which the tutor will be asked later). Then the turns follow: a student is
# the `user`, the teacher the `assistant`. Only what the `assistant` says is learned.


# %%
# solution
def row(dialogue):
    """Return one dialogue as a line of a chat fine-tuning file."""
    roles = {"student": "user", "teacher": "assistant"}
    said = [{"role": roles[turn.speaker], "content": turn.text} for turn in dialogue.turns]
    return {"messages": [messages(dialogue.lesson, ())[0], *said]}


# gap
#: def row(dialogue):
#:     """Return one dialogue as a line of a chat fine-tuning file."""
#:     frame = messages(dialogue.lesson, ())[0]
#:     ...  # every turn has .speaker and .text
#:     return {"messages": [frame]}
# end

# %%
# check: 1 a training row
expected, got = openai_row(train[0])["messages"], row(train[0])["messages"]
assert len(got) == len(expected), f"The row has {len(got)} messages, and a frame and {len(train[0].turns)} turns make {len(expected)}."
for number, (one, other) in enumerate(zip(got, expected, strict=True)):
    assert one["role"] == other["role"], f"Message {number} has the role {one['role']}; it should be {other['role']}."
    assert one["content"] == other["content"], f"Message {number} says “{one['content'][:40]}…” instead of “{other['content'][:40]}…”."
for message in got[:3]:
    print(f"{message['role']:<10} {message['content'][:110]}")

# %% [markdown]
# ## Gap 2: what it costs, and from when on it pays
#
# Services bill training by the token: every token of the file, once for each *epoch* (each pass over the file). A tuned model costs more per token than
# the plain one, but it needs no long prompt. So it may pay from some number of conversations on, or never.
#
# Write both functions. Prices are dollars per million tokens. Say `None` where fine-tuning never pays.


# %%
# solution
def training_cost(file_tokens, epochs, price):
    """Return dollars for training on a file of so many tokens."""
    return file_tokens * epochs * price / 1e6


def break_even(making, tuned, prompted):
    """Return from how many conversations on fine-tuning is cheaper, or None; the arguments are dollars, the last two a conversation."""
    return making / (prompted - tuned) if prompted > tuned else None


# gap
#: def training_cost(file_tokens, epochs, price):
#:     """Return dollars for training on a file of so many tokens."""
#:     return ...
#:
#:
#: def break_even(making, tuned, prompted):
#:     """Return from how many conversations on fine-tuning is cheaper, or None; the arguments are dollars, the last two a conversation."""
#:     return ...
# end

# %%
# check: 2 cost and break-even
assert training_cost(1_000_000, 1, 5.0) != ..., "training_cost still returns `...`."
assert abs(training_cost(100_000, 3, 5.0) - 1.5) < 1e-9, (
    f"100,000 tokens, 3 epochs, 5 dollars a million make 1.50, and yours says {training_cost(100_000, 3, 5.0)}."
)
assert break_even(1.0, 0.001, 0.002) != ..., "break_even still returns `...`."
assert abs((break_even(1.0, 0.001, 0.002) or 0) - 1000) < 1e-6, (
    f"1 dollar to make and 0.001 saved a conversation is won back after 1,000 conversations, and yours says {break_even(1.0, 0.001, 0.002)}."
)
assert break_even(1.0, 0.002, 0.001) is None, "A tuned model that costs more per conversation never pays: return None."

model = prices.read_prices()["gpt-4.1-mini"]
file_tokens = tokens.training_tokens(row(one) for one in train)
making = training_cost(file_tokens, 3, model.training.price)
print(f"{file_tokens:,} tokens in the file; three epochs on gpt-4.1-mini cost ${making:.4f} (prices of {model.checked})")
for prompt in (150, 600, 2500):
    plain = model.base.cost(prompt + 300, 60) / 1e6
    tuned = model.tuned.cost(150 + 300, 60) / 1e6
    even = break_even(making, tuned, plain)
    print(
        f"against a prompt of {prompt:>5} tokens: ${plain * 1000:.2f} or ${tuned * 1000:.2f} tuned per 1,000 replies, pays "
        + ("never" if even is None else f"from {even:,.0f} replies on")
    )

# %% [markdown]
# What is missing from this sum? The hours in which people wrote dialogues, runs that were thrown away, the day on which the service shuts the model
# down. `reports/cost_benefit.md` counts them.
#
# ## Gap 3: three calls
#
# The service runs on your machine; the client is OpenAI's own. Fill in the three calls:
#
# 1. `client.files.create(file=…, purpose="fine-tune")` for each file (open it with `path.open("rb")`);
# 2. `client.fine_tuning.jobs.create(model="base", training_file=<id>, validation_file=<id>, method=METHOD)`;
# 3. `client.fine_tuning.jobs.retrieve(job.id)`, until its `status` is final.

# %%
server = lab.service(trains=True)
client = openai.OpenAI(base_url=server.base_url, api_key=server.api_key)
METHOD = {"type": "supervised", "supervised": {"hyperparameters": {"n_epochs": 1, "batch_size": 1}}}
FINAL = ("succeeded", "failed", "cancelled")

paths = {}
for name, some in {"train": train, "validation": validation}.items():
    paths[name] = lab.scratch() / f"{name}.jsonl"
    paths[name].write_text("".join(json.dumps(row(one)) + "\n" for one in some), encoding="utf-8")

# solution
files = {name: client.files.create(file=path.open("rb"), purpose="fine-tune") for name, path in paths.items()}
job = client.fine_tuning.jobs.create(model="base", training_file=files["train"].id, validation_file=files["validation"].id, method=METHOD)
while job.status not in FINAL:
    time.sleep(0.5)
    job = client.fine_tuning.jobs.retrieve(job.id)
# gap
#: files = {}
#: for name, path in paths.items():
#:     files[name] = ...
#: job = ...
#: # while the job's status is not in FINAL: time.sleep(0.5) and retrieve it again
# end

# %%
# check: 3 the job is done
assert all(hasattr(file, "id") for file in files.values()), (
    '`files` holds no uploaded files yet: client.files.create(file=path.open("rb"), purpose="fine-tune").'
)
assert hasattr(job, "status"), "`job` is no job yet: client.fine_tuning.jobs.create(...)."
assert job.status in FINAL, f"The job is still {job.status}: retrieve it until its status is in FINAL."
assert job.status == "succeeded", f"The job {job.status}: {job.error}"
assert job.validation_file, "The job has no validation file; without one you do not see whether it learns more than its examples."
print(f"{job.fine_tuned_model}: {job.trained_tokens:,} tokens trained")
for event in reversed(client.fine_tuning.jobs.list_events(job.id).data):
    losses = {name: round(event.data[name], 3) for name in ("train_loss", "valid_loss") if event.data and event.data.get(name) is not None}
    if losses:
        print(f"  step {event.data['step']}: {losses}")

# %% [markdown]
# `train_loss` is how much the examples of one step surprise the model. `valid_loss` is how much dialogues surprise it that it does not learn: it stands
# at step 0, before training, and at the end of each epoch. If only the first one falls, the model learns by heart.
#
# ## Look: before and after
#
# The same two students, two models. Is the tuned one better, or does it only *sound* more like a teacher?

# %%
asked = [(one, one.turns[:1]) for one in lab.dialogues("test", 2)]
for one, turns in asked:
    print(f"student    {turns[-1].text}")
    for model_name in ("base", job.fine_tuned_model):
        completion = client.chat.completions.create(
            model=model_name, messages=messages(one.lesson, turns), max_completion_tokens=lab.TOKENS, temperature=0
        )
        print(f"{model_name[:9]:<10} {completion.choices[0].message.content}")
    print()

# %% [markdown]
# ## Gap 4: what a service refuses
#
# Upload a file in which the last message is the student's. Read what the service says, and write down the `param` or `code` of the error. You will meet
# such errors on the day when it costs money.

# %%
broken = lab.scratch() / "broken.jsonl"
broken.write_text(json.dumps({"messages": row(train[0])["messages"][:2]}) + "\n", encoding="utf-8")
# solution
try:
    file = client.files.create(file=broken.open("rb"), purpose="fine-tune")
    refused = client.fine_tuning.jobs.create(model="base", training_file=file.id)
    while refused.status not in FINAL:
        time.sleep(0.5)
        refused = client.fine_tuning.jobs.retrieve(refused.id)
    said = refused.error.message
except openai.BadRequestError as error:
    said = error.message
# gap
#: # Upload `broken`, start a job with it, wait for it. It is refused: either a call raises openai.BadRequestError (its .message says why),
#: # or the job ends with the status "failed" (its .error.message says why). Put that message into `said`.
#: said = ""
# end

# %%
# check: 4 the refusal was read
assert said, "`said` is empty: put the message of the error there."
assert "assistant" in said.lower(), f"The service said “{said}”. It should complain that no assistant turn is there to learn."
print(said)

# %% [markdown]
# ## Think
#
# 1. By how much did `valid_loss` fall? With so few dialogues, what else could explain a better reply?
# 2. Your dialogues went to a service. What was in them that should not leave the school? (The gate looks for some of it: codes `E401` to `W406`.)
# 3. The service shuts the model down in a year. What do you still have?
