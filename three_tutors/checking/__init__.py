"""The gate: every check of what people write, and the verdict with each problem's file, line and column.

gate                        runs everything; `files` finds the files, `codes` lists all codes, `problem_formats` prints problems
reading                     bytes to a dialogue or scenario, by `yaml_source`, `json_source`, `characters` and `shape`
schema, structure           keys and limits: the JSON Schemas for editors, and the pandera schema of all files at once
teaching                    what a teacher would object to, by `revealing`, `affirmation`, `ignoring` and `quotation`
scripting, personal_data    scenarios that test nothing, and data of real people
corpus                      what two files share that they must not, and whether the labels are in balance
"""
