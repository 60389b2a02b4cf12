"""How far a score may be believed.

`rated_replies` reads what people said of replies, and `agreement` holds the scores against it; what it found is quoted in each score's
declaration (`scoring.measure`). `judge` asks another model (`judge_questions`), a service or a `local_judge`, whose opinion `verdicts`
keeps; `judge_agreement` says how far it agrees. `sense` reads it off `reply_states` as `fitted_sense` learned; `sense_figures`: how well.
`preferences` are people's blind choices, `ratings` what they said of each reply. `graded` reads graded replies, from which
`fitted_caution` learns words of caution; `grading` prints which `faults` each score sees in them and whether it is `following` what
people said; `choice` is the same of a model's likelihoods. `bots` are trivial tutors without a model, `floor` what they get in each score.
"""
