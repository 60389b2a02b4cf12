"""Tokens and money, before anything is spent.

`prices` reads and checks data/raw/prices.yaml and finds a model's row; `price_table` compares it with litellm's. `tokens` counts,
`consumption` says what a conversation takes. `costs` makes one bill per tutor, `break_even` and `sensitivity` compare bills.
`spending` says what one fine-tuning job would cost and stops what was not allowed.
"""
