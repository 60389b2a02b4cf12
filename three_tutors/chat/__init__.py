"""The page where a person talks with the tutors, in a browser or a terminal.

`app` has the routes, `view` and `wording` what they show, `forms` what comes in, `guard` who is let in, `streaming` the events;
`terminal` is the same without a browser. Both call `conversations`, which says what a person can do. `roster` opens the tutors,
`replying` asks them, `prompts` counts their tokens, `price` their cost. `talk` is a conversation as data, `store` keeps it,
`ballots` the blind choices, `export` hands it on.
"""
