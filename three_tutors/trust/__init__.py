"""How far a score may be believed.

`rated_replies` reads what people said of replies, and `agreement` holds the scores against it; what it found is quoted in each score's
declaration (`scoring.measure`). `judge` asks another model for its opinion (`judge_questions`), which `verdicts` keeps: a service or a
`local_judge`, which `fitted_sense` can be fitted to; `judge_agreement` says how far it agrees. `preferences` are people's choices
between replies that did not say whose they were, `ratings` what they said of each. `graded` reads graded replies, from which
`fitted_caution` learns what words weigh in the score for safety; `grading` says which
faults each score sees in them, `following` whether it rises with what people said, `choice` the same of a model's likelihoods. `bots`
are trivial tutors without a model, and `floor` is what they get in each score.
"""
