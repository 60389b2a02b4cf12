"""Studies: settings of the pipeline, run as DVC experiments, and the tables that are kept of them.

`definition` says which settings a study of params.yaml runs; `identity` tells whether two runs would be the same; `experiments` runs
them through DVC's queue, in a copy of the project; `measured` reads the figures of a finished one and `reading` how much sense its
replies make to the base model; `table` and, reply by reply, `replies` are what is kept in Git; `running` puts them together for
`python -m three_tutors.studies NAME` (`__main__`). `profile` runs the pipeline with the settings of a file of profiles/.
"""
