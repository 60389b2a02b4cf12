"""One reply in, scores out: each a value with a reason, or unscored with one.

`scores` lists what there is and scores a reply; `replied` is a reply with all it is judged by; `measure` is what a score declares of
itself. Each score stands beside its declaration: `leak`, `praise`, `questioning`, `uptake`, `moves` (and `expectations` of them),
`context`, `broken`, `sense` (with `neighbours` and `sense_weights`), `readability`, `likeness`, `strategy_classifier`, `safety` (with
`safety_cues`, and `caution` for what its words weigh), the four `dimensions` (with `dimension_cues` and their `dimension_weights`) and
`rubric`, which sums others up and is what DSPy climbs.
`statistics` compares tutors over dialogues, `metrics` compares a scorer with people.
"""
