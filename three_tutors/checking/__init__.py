"""The gate: every check of what people write, and the verdict with each problem's file, line and column.

gate, gathering             run everything, in memory or block by block; `files`, `batches`, `codes`, `problem_formats`, `told`, `tally`
inspecting, corpus          one batch by itself; what is between batches, which know of each other by a `sheet` and the `exam`
reading                     bytes to a dialogue or scenario, by `yaml_source`, `json_source`, `characters` and `shape`
schema, structure           keys and limits: the JSON Schemas for editors, and the pandera schema of all files at once
teaching                    what a teacher would object to, by `revealing`, `affirmation`, `ignoring` and `quotation`
scripting, personal_data    scenarios that test nothing, and data of real people
"""
