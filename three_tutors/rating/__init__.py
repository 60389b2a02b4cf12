"""The page where teachers rate replies without knowing whose they are.

`sheets` gathers what is rated, `drawing` says what a rater is shown next, `votes` keeps what raters said, `form` reads it,
`app` has the routes and `view` what they show. `trust.ratings` reads what is published from here.
"""
