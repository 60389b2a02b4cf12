"""The words of our field as data; no heavy library, and no file but those that the stages hand on.

dialogue, scenario        lesson, turn and dialogue; scripted students; `fields`: each field is declared there, once
formats, history          a dialogue as a model reads it, and what of a long one fits its window
questions, replies        what every tutor is asked, and what it replied; pairs: two replies, one preferred
splits, duplicates        who trains, chooses and tests; which dialogues tell of one problem
methods, taking_part      the table of methods and tutors; who of them is in a run
words                     sentences, words and stems
quantities                numbers in text as values
"""
