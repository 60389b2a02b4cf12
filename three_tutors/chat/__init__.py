"""The page where a person talks with the tutors, in a browser or a terminal.

`app` and `talking` have the routes, `view` and `wording` what they show, `markup` makes it HTML, `forms` read what comes in, `guard`
says who is let in, `streaming` sends the events; `terminal` is the same without a browser. All call `conversations`, which says what a
person can do. `roster` opens the tutors, `replying` asks them, `prompts` counts their tokens, `price` their cost, `waiting` and
`answering` tell who they are and how long they take. `talk` is a conversation as data, `store` keeps it, `shelf` names and finds it,
`ballots` keeps the blind choices, `export` hands it on.
"""
