"""DSPy, here and nowhere else: it chooses the tutor's prompt, and the tutor that replies with that prompt.

The program: `program`, `adapter` (how it becomes messages), `demonstrations` (which are shown), `examples` (what it is given).
The climb: `optimisers` (start here), `plan`, `asked` (the models), `rungs` (what is tried, in which order), `climber` (how one
candidate is tried), `metric` (what is better), `comparison` (what changed, turn by turn), `program_files` (what is left of it).
Money: `language_model` leads every call of DSPy through `meter`, which keeps the `budget`.
Afterwards: `tutor`.
"""
