"""Weights: how the signs add up to the score of sense, and which words stand in any reply.

Fitted once on the graded replies that may be learned from (data/processed/moments/train.jsonl), the moments of no exam. Ideal and
acceptable replies make sense; against them stand templates, fluent nonsense, contradictions, wrong facts and replies off the topic, and
ideal replies that were spoilt: words shuffled, phrases repeated, the student repeated, content words swapped for the student's, a wrong
sum or a quotation of somebody else in front, a reply to another moment. Logistic regression with a ridge of 3 on standardised signs,
every kind weighing the same. How often an ideal reply gets more than another to the same student turn (AUC; .50 is chance):

    kind                   learned from, moments held out    the test half
    fluent nonsense        .78                               .72
    template               .88                               .81
    contradicts history    .62                               .49
    wrong fact             .55                               .57
    off topic              .71                               .67
    words shuffled         .97

So it sees templates, loops and loose words; most nonsense in good order and nearly all contradictions and wrong facts it does not see.
"""

from __future__ import annotations

from collections.abc import Mapping


def _listed(table: Mapping[float, str]) -> dict[str, float]:
    """Return each of the words and pairs of words with its value."""
    return {" ".join(part.split()): value for value, parts in table.items() for part in parts.split(",")}


INTERCEPT = 1.12
WEIGHTS: Mapping[str, float] = {
    "broken": -4.14,
    "loops": -3.8,
    "again": -2.59,
    "order": 1.11,
    "parrots": -2.88,
    "pasted": -1.94,
    "stock": -1.9,
    "opening": -0.26,
    "near": -0.89,
    "foreign": -0.32,
    "wrong_sum": -6.26,
    "misquotes": -5.55,
    "as_student": -7.11,
    "questions": -5.3,
    "sets_task": 0.51,
    "long": -0.63,
}
"""By the name of a sign; a positive one speaks for a reply."""

STOCK: Mapping[str, float] = _listed(
    {
        3.0: """i'm glad, some more""",
        2.6: """sure, the question""",
        2.5: """how you""",
        2.4: """glad, question""",
        2.3: """a good, asking, way to""",
        2.2: """and where, learn, once more, think about, what was, what's, your answer""",
        2.1: """find out, like to, you know""",
        2.0: """have a, you and""",
        1.8: """glad you, helps, how would, let's, so the, somebody, that makes, you wrote""",
        1.7: """about what, are you, explain, is what, once, strong, to it, which part""",
        1.6: """and what, answer, me what, more, one more, you like""",
        1.5: """a friend, about it, asked, at what, cancel, friend, how could, idea, it and, let's take, minus, notice, o, often, own
        words, thank, thank you, that's a, told me, which one, which word, would you, wrote""",
        1.4: """and that, clear, found, know, makes, step""",
        1.3: """a lot, and how, as the, back, begin, front, give, go back, is your, it again, it out, lot, so you, take it, what else,
        you for, you think""",
        1.2: """and then, good, half of, is a, it what, last, make a, put it, round, to you, what would, with it, you ask""",
        1.1: """begin with, check it, choose, divide, find, fine, hard, has the, how much, i'm, in front, leaves, most, okay, part,
        stand, that you, things, use, what do, you could, you told, you want""",
        1.0: """back to, for you, long, part of, small, some, think""",
        0.9: """2, against, already, and see, are the, at it, fair, far, follow, how, into a, it if, it with, light, order, own, plan,
        reason, say it, so, take one, there are, thing that, to know, try to, twice, us, was, were, what you, when it, words,
        worth, you do, you would, you write""",
        0.8: """half, in your, left, like, work, your own""",
        0.7: """check, come, could you, count the, else, four, if you, is left, look, look for, of it, ones, open, read it, stays,
        take, the last, together, told, want to, what could, what it""",
        0.6: """and read, and you, decide, feel, has, hear, look at, me, mean, move, place, short, tell me, that is, that's, then
        tell, think of, this, top, way, will, you put, you say, you to""",
        0.5: """and look, before the, do you, every, in it, is it, letter, sides, try, where, where you, with your, would, you, you
        need""",
        0.4: """about, again, and a, and the, away, build, by, could, counts, did you, difference, does the, each, equal, help you, is
        still, is that, let, means, missing, on it, point, that the, the difference, the way, them to, thing to, turn, what
        is, when you, which, you have, you said, you've, yourself""",
        0.3: """0, 5, a time, and compare, and write, another, are, can be, cut, do not, does it, end of, find the, finish, fit,
        going, him, is, is one, it does, it goes, it takes, make, mark, minute, new, next, now and, now think, numbers, of
        the, of them, old, one is, one side, out, share, side, six, steps, take a, they, to, up in, want, what, when, you can,
        zero""",
        0.2: """done, for the, gets, have, i, much, of, read, see, start, them, to a, which of, with a, word""",
        0.1: """3, add, and, and tell, as, because it, been, between, both, comes, compare, first, go, go through, hold, how far, it
        has, it to, it's, made, names, need, never, nothing, on a, person, rounds, set, since, something, stay, sum, telling,
        text, thing, to be, to the, well, where it, whole, with, with you""",
        0.0: """anything, ask, at, count, into, is the, it is, its, list, on, takes, the end, time, to do, we, what did""",
        -0.1: """a, as a, because, day, do, family, for, got, had, happens to, if, is there, it, keep, said, scale, sentence, stands,
        start with, that, their, there is, through, very, you are, you don't, you're""",
        -0.2: """1, all, an, can, first and, five, from, if it, if the, many, moment, one, over, people, plus, read the, say, say that,
        still, table, tells, the two, those, too, until, up, you see, your""",
        -0.3: """at a, before, change, did, fits, help, like that, nobody, now, one of, other, say what, starts, that one, two, who,
        you did, yours""",
        -0.4: """10, a person, after, as well, at the, away from, can make, draw the, end, enough, from the, from your, go on, goes,
        have the, it still, make it, many are, must, no, of your, outside, put, real, row, say which, stops, talk, tell you,
        tells you, then, there, times, wants, why, you get, you may""",
        -0.5: """be, before you, below, does, for a, get, holds, in, is not, needs, of a, pick, second, so that, take the, tell, the
        other, write, yet""",
        -0.6: """and it, any, big, can you, here, his, how many, is just, me which, now say, on your, one sentence, one thing, out of,
        reach, say the, sun, test, the next, three, under, verb, which is""",
        -0.7: """about the, am, carry, close, draw, happens, has to, i am, in one, it can, line, put the, the, the first, to your,
        today, which number, with the""",
        -0.8: """down, same, the same""",
        -0.9: """and say, form, hand, home, it in, it isn't, not, please tell, sign, suppose, to get, while, yes""",
        -1.0: """at home, gives, in a, isn't, it from, name, please, someone, than, the one, the right, write down""",
        -1.1: """i'd, in the, leave, may, or a, right now, stop, the second, without, write the""",
        -1.2: """off, one and, should, tell a, what does""",
        -1.3: """only""",
        -1.4: """alone""",
        -1.5: """don't, right""",
        -1.6: """show""",
        -1.7: """adult you, and put, as you, being, force, guess, in which, instead, lines, mood, one for, rock, run, s, says, send me,
        the word, wait, would be, your list""",
        -1.8: """are not, case, does a, does that, drop, just, less, or, sorry, sound, teacher""",
        -1.9: """but""",
        -2.0: """a teacher, doesn't, go to, he, leave the, little, number, parent or, send, trust, work out, wrong, you trust""",
        -2.1: """a grown, hurt, i won't, inside, what happens, which adult, who is, won't, your teacher""",
        -2.2: """call, have to, i can't""",
        -2.3: """her, tell your""",
        -2.4: """an adult, please don't, you tell""",
        -2.5: """even, grown up""",
        -2.6: """a parent, can't, grown, is right, on the, parent""",
        -3.0: """adult""",
    }
)
"""Log-odds of a word, or of two words, that nobody said before: above 0 in templates and nonsense, below 0 in ideal replies."""

OPENINGS: Mapping[str, float] = _listed(
    {
        3.0: """i hear, i'm glad, you wrote""",
        2.2: """so your, you ask""",
        1.9: """so you""",
        1.8: """i'm, thank, thank you""",
        1.5: """it's""",
        1.4: """okay, okay so""",
        1.1: """let's""",
        1.0: """so, yes you""",
        0.9: """that is""",
        0.8: """i, you've""",
        0.5: """is, it is, okay the, you""",
        0.4: """you can""",
        0.3: """a, look, look at, that's, with, you have""",
        0.2: """it""",
        0.1: """say""",
        -0.1: """no""",
        -0.3: """i'd, please, try""",
        -0.4: """that""",
        -0.5: """yes, your""",
        -0.8: """count, it does, no please, so the, take, take the, yes a""",
        -1.0: """then""",
        -1.2: """go, good, one, please don't""",
        -1.4: """don't, i can't""",
        -1.5: """i won't, stop""",
        -1.6: """the, write""",
        -1.7: """not, put""",
        -1.8: """right""",
    }
)
"""Log-odds of the first word or two: above 0 in templates, below 0 in ideal replies."""
