"""Figures, pages and sentences made out of scores.

`evidence` reads what a run left (single files: `run_files`). `exam` says what can show that a tutor teaches and `verdict` tells it;
`scorecard` and `findings` are about the scores of replies. `index_page` is the page, `comparison` the texts, `cost_benefit` the money,
`data_card` and `croissant` the data, `overview` the methods (`overview_page`: one step of it). The other modules hold one part each:
pictures (`*_figures`, `pictures`), what a reader asks of a run (`effort`, `teachers`, `strategies`, `scripted_students`, `conversations`,
`optimisation`, `kept_program`, `studies`, `study_sentences`, `study_rates`, `study_sense`, `tries`, `training`, `judging`, `judge_table`,
`decision`), where it came from (`provenance`). `pages` fills the templates.
"""
