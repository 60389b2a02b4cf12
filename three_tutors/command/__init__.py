"""`tutors`: one command over what the rooms do.

app          the command line: what it does itself, and a table of what it hands over to other modules
handing      hands the words of a command to the module that reads them, and asks that module for help and completion
workspace    a folder where the pipeline runs: made by `init`, recognised, held against the installed library
upgrading    what another version of the library changes in a workspace: shown, and merged where that was asked for
material     the files that a workspace begins with; `workspace/` holds those that this repository itself does not use
packing      the small tutors in one file with digests; `unpacking` checks it and puts them where `tutors chat` finds them
run          `dvc repro` with a line that says where it is and how long it still takes
"""
