# %% [markdown]
# # Session 6: Judge, compare, decide
#
# You have three ways to make a tutor. Which one is better, and may it meet a student? First you will cheat: a sentence with a hole in it, which has read
# nothing and knows nothing, will beat human teachers in a sensible-looking score. Then you build two exams that it cannot pass.

# %%
import os
import sys
from pathlib import Path

ROOT = next(folder for folder in [Path.cwd(), *Path.cwd().parents] if (folder / "dvc.yaml").exists())
os.chdir(ROOT)
sys.path.insert(0, str(ROOT))

import random
from statistics import mean

from course import lab
from three_tutors.language_model.generate import Generator
from three_tutors.language_model.likelihood import of_replies
from three_tutors.language_model.replies import Options
from three_tutors.scoring.contrast import fitting
from three_tutors.scoring.replied import of_side
from three_tutors.scoring.rubric import score
from three_tutors.tutoring.formats import messages
from three_tutors.tutoring.questions import questions

asked = questions(lab.dialogues("test", 8))
print(f"{len(asked)} held-out student turns. The first:\n")
print("student", asked[0].turns[-1].text, "\nteacher", asked[0].reference.text)


def rubric(replies):
    """Return the rubric score of one reply to each held-out turn, 0 to 1."""
    return [score(reply, lesson=one.lesson, turns=one.turns).value for one, reply in zip(asked, replies, strict=True)]


teachers = rubric([one.reference.text for one in asked])
print(f"\nThe teachers themselves get {mean(teachers):.2f} of 1.")
found = score(asked[0].reference.text, lesson=asked[0].lesson, turns=asked[0].turns)
for criterion in found.criteria:
    print(f"  {criterion.name:<14}{criterion.value:5.2f}  {criterion.reason}")

# %% [markdown]
# ## Gap 1: cheat
#
# Write a template: a sentence that is the same for everybody, with `{words}` where a few words of the student are pasted in (and `{topic}`, if you like). Make
# it beat the teachers. Read the criteria above: what do they pay for?

# %%
LITTLE = set(
    "the a an and or but so it is was are i you to of in on at that this my me they he she we not no do does did have has be with for".split()
)


def paste(template, one):
    """Return the template with the longest words of the student's last turn."""
    said = [word.strip(".,;:!?\"'()").lower() for word in one.turns[-1].text.split()]
    return template.format(words=" ".join([word for word in said if word and word not in LITTLE][:3]), topic=one.lesson.topic)


# solution
TEMPLATE = "Test your idea about {words} on one new case: does it still work?"
# gap
#: TEMPLATE = "Good question. What do you think?"
# end

# %%
# check: 1 a template beats the teachers
pasted = [paste(TEMPLATE, one) for one in asked]
cheated = rubric(pasted)
print(f"Your template says, for example: “{pasted[0]}”")
print(f"template {mean(cheated):.2f}, teachers {mean(teachers):.2f}")
assert "{words}" in TEMPLATE, "Put {words} into the template: the rubric pays for taking up what the student said."
assert mean(cheated) > mean(teachers), (
    f"Your template gets {mean(cheated):.2f} and the teachers {mean(teachers):.2f}. Ask exactly one question about {{words}}, and give the student something to do."
)
print(
    "Every figure on its own was sensible. Together they can be had without reading a word. Such a score may describe; it must not decide."
)

# %% [markdown]
# ## Gap 2: contrast
#
# Two moments that differ in one thing, so that what is right at one is wrong at the other. Here one student is mistaken and the other one is right:

# %%
NAMES = [
    "pair-lamp-cup-shadow",
    "pair-six-rows-of-fourteen",
    "pair-caesar-to-augustus-years",
    "pair-lamp-on-my-battery",
    "pair-word-on-the-bottle",
    "pair-car-two-and-a-half-hours",
    "pair-open-the-bracket",
    "pair-three-quarters-of-stickers",
]
pairs = lab.moments(NAMES[:3] if lab.QUICK else NAMES)
shown = next(one for one in pairs if one.id == "pair-lamp-cup-shadow")
for side in shown.sides:
    print(f"[a good reply here would: {side.fits}]")
    for turn in side.turns[-3:]:
        print(f"  {turn.speaker:<8}{turn.text}")
    print(f"  good:   {side.replies[0].reply}\n")


def fits(moment, side, reply):
    """Return whether a reply does what fits this side of a pair, and the words that decided."""
    found = of_side(moment, side, moment.id, reply).finding(fitting)
    return found.value == 1, found.reason


# %% [markdown]
# A tutor wins a pair only if its replies to *both* sides fit. Whoever says the same on both sides gets nothing, whatever it says. Write it:
# `reply_to(moment, side)` returns a tutor's reply.


# %%
# solution
def contrast(reply_to):
    """Return the share of pairs in which the replies to both sides fit."""
    won = [all(fits(moment, side, reply_to(moment, side))[0] for side in moment.sides) for moment in pairs]
    return sum(won) / len(won)


# gap
#: def contrast(reply_to):
#:     """Return the share of pairs in which the replies to both sides fit."""
#:     won = []
#:     for moment in pairs:
#:         ...  # moment.sides are the two sides
#:     return 0.0
# end


# %%
# check: 2 contrast
def good(moment, side):
    """Return the first reply that a person wrote for this side and called ideal."""
    return next(reply.reply for reply in side.replies if reply.kind == "ideal")


def one_sided(moment, side):
    """Return the good reply of the first side, on both sides."""
    return good(moment, moment.sides[0])


def templated(moment, side):
    """Return the template with the student's words."""
    said = [word for word in side.turns[-1].text.lower().split() if word not in LITTLE]
    return TEMPLATE.format(words=" ".join(said[:3]), topic=moment.lesson.topic)


people = contrast(good)
assert people > 0.7, (
    f"People's own good replies win {people:.0%} of the pairs in your exam. Count a pair as won when fits(...)[0] is true for both of its sides."
)
assert contrast(one_sided) == 0, (
    f"The same reply on both sides wins {contrast(one_sided):.0%}. A pair needs both sides: use all(...), not any(...)."
)
figures = {"people": people, "template": contrast(templated)}
print(f"people {figures['people']:.0%}, your template {figures['template']:.0%}")
for side in shown.sides:
    print(f"  wants {side.fits:<8} template: {fits(shown, side, templated(shown, side))}")

# %% [markdown]
# ## Look: a model takes the exam
#
# The untrained base, and your own adapter of session 5 if it is there. Read the replies before you look at the figure.

# %%
adapter = lab.WORK / "adapter"
tutors = {"base": None} | ({"yours": adapter} if (adapter / "adapter_config.json").exists() else {})
generators = {name: Generator(lab.base(), folder, slots=8) for name, folder in tutors.items()}
places = [(moment.id, number) for moment in pairs for number in (0, 1)]
for name, generator in generators.items():
    prompts = [messages(moment.lesson, side.turns) for moment in pairs for side in moment.sides]
    replies = dict(zip(places, (one.text for one in generator.replies(prompts, Options(max_tokens=lab.TOKENS))), strict=True))
    figures[name] = contrast(lambda moment, side, replies=replies: replies[moment.id, moment.sides.index(side)])
    print(f"\n{name} wins {figures[name]:.0%}")
    for number, side in enumerate(shown.sides):
        print(f"  wants {side.fits:<8} {replies[shown.id, number]}")

# %% [markdown]
# ## Gap 3: choice
#
# A small model may know more than it can say. So ask it differently: how *likely* does it find a good reply here, and how likely there? With two moments
# $m, n$ and their good replies $r, s$, it has matched the pair if
#
# $$\log p(r|m) + \log p(s|n) > \log p(r|n) + \log p(s|m)$$
#
# Chance is one half. How likely a reply is *by itself* stands on both sides and cancels out: no wording can win this exam.


# %%
# solution
def matched(r_m, s_n, r_n, s_m):
    """Return whether a pair is matched, from four log-probabilities: r_m is that of reply r after moment m."""
    return r_m + s_n > r_n + s_m


# gap
#: def matched(r_m, s_n, r_n, s_m):
#:     """Return whether a pair is matched, from four log-probabilities: r_m is that of reply r after moment m."""
#:     return ...
# end

# %%
# check: 3 matching
assert matched(-10.0, -12.0, -14.0, -13.0) is True, "-10 and -12 are likelier together than -14 and -13: matched."
assert matched(-10.0, -30.0, -9.0, -28.0) is False, "-40 is less likely than -37: not matched. Compare the sums, not one reply alone."
assert matched(-50.0, -12.0, -54.0, -10.0) is True, (
    "A long reply is unlikely everywhere; what counts is by how much more likely it is where it belongs."
)
for name, generator in generators.items():
    wanted = [
        (messages(moment.lesson, moment.sides[at].turns), good(moment, moment.sides[of]))
        for moment in pairs
        for at, of in ((0, 0), (0, 1), (1, 0), (1, 1))
    ]
    found = [logprob for logprob, _ in of_replies(generator, wanted)]
    won = [matched(found[i], found[i + 3], found[i + 2], found[i + 1]) for i in range(0, len(found), 4)]
    figures[f"{name}, matching"] = mean(won)
    print(f"{name}: {sum(won)} of {len(won)} pairs matched")

# %% [markdown]
# ## Gap 4: better, or luck?
#
# With eight pairs, one pair more is twelve per cent. A difference is *shown* if it would most likely still be there with other dialogues. Draw the dialogues
# again, with replacement, many times (a bootstrap), and look at the middle 95 % of the means.
#
# `differences` has one number for each dialogue: what tutor A got there, less what tutor B got. Return `"better"`, `"worse"` or `"no difference shown"`.


# %%
# solution
def verdict(differences, draws=1000, seed=1):
    """Say whether A is better than B, from one difference for each dialogue."""
    draw = random.Random(seed)
    means = sorted(mean(draw.choices(differences, k=len(differences))) for _ in range(draws))
    low, high = means[int(0.025 * draws)], means[int(0.975 * draws) - 1]
    return "better" if low > 0 else "worse" if high < 0 else "no difference shown"


# gap
#: def verdict(differences, draws=1000, seed=1):
#:     """Say whether A is better than B, from one difference for each dialogue."""
#:     draw = random.Random(seed)
#:     means = sorted(mean(draw.choices(differences, k=len(differences))) for _ in range(draws))
#:     low, high = ...  # the ends of the middle 95 % of `means`
#:     return ...
# end

# %%
# check: 4 the verdict
try:
    cases = {
        "twenty dialogues, A ahead by .3 in each": (verdict([0.3] * 10 + [0.2, 0.4] * 5), "better"),
        "twenty dialogues, A behind by .3 in each": (verdict([-0.3] * 10 + [-0.2, -0.4] * 5), "worse"),
        "A ahead by .8 in one dialogue, level in seven": (verdict([0.8] + [0.0] * 7), "no difference shown"),
        "five won, three lost": (verdict([1, 1, 1, 1, 1, -1, -1, -1]), "no difference shown"),
    }
except TypeError:
    raise AssertionError("`low, high` are still `...`: take means[int(0.025 * draws)] and the one at 0.975.") from None
for case, (got, right) in cases.items():
    assert got == right, f"{case}: that is “{right}”, and yours says “{got}”. Better only if the whole interval is above 0."
    print(f"{case}: {got}")
by_turn = [a - b for a, b in zip(cheated, teachers, strict=True)]
print(f"\nAnd your template against the teachers, in the rubric: {verdict(by_turn)}. A sound test of an unsound figure.")

# %% [markdown]
# ## Gap 5: decide
#
# Here are all figures of today. Write the decision for the head of a school in at least 60 words: which tutor, for whom, watched by whom, or none. Name at least
# two figures, say what you do *not* know, and what would make you change your mind.

# %%
for name, value in figures.items():
    print(f"{name:<18}{value:>6.0%}")
print(f"{'rubric: template':<18}{mean(cheated):>6.0%}\n{'rubric: teachers':<18}{mean(teachers):>6.0%}")
# solution
decision = """
None of these tutors should meet a student alone yet. In the contrast exam people win nearly every pair and the base model next to none, and with
8 pairs I cannot tell 0 % from 12 %. That it matches most pairs by likelihood shows that it knows more than it says, not that it teaches. The rubric
gave a template more than the teachers, so I leave that figure out. Teachers may try the tutor for 2 weeks with nobody else in the room. I do not know what
happens in long conversations. I would change my mind if a larger base won half of the pairs and no answer was given away in 60 replies.
"""
# gap
#: decision = """
#: """
# end

# %%
# check: 5 the decision
length = len(decision.split())
assert length >= 60, f"The decision has {length} words; 60 are the least for which, for whom, by which figures and what you do not know."
assert sum(any(mark.isdigit() for mark in word) for word in decision.split()) >= 2, "Name at least two figures in the decision."
assert any(word in decision.lower() for word in ("not know", "unknown", "cannot", "can't", "unsure", "uncertain")), (
    "Say what you do not know or cannot tell."
)
lab.WORK.mkdir(parents=True, exist_ok=True)
(lab.WORK / "session_6.md").write_text(decision.strip() + "\n", encoding="utf-8")
print(
    f"{length} words, kept in {lab.WORK / 'session_6.md'}. Whether it is right no program can say: give it to a neighbour who wants to disagree."
)

# %% [markdown]
# ## The real one
#
# `make repro` does all this for four tutors, on every held-out dialogue, with intervals. Set `report.prose` to `false` in `params.yaml` first: then the reports
# hold the tables and figures, and the sentences are yours to write. The project's own floors: `tutors floor`.
