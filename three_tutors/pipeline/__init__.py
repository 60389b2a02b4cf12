"""What every stage file needs.

`starting` runs a stage or a command, `usage` says how a stage is called, `contents` is dvc.yaml. `params` reads a section of
params.yaml, `records` reads and writes files whole or not at all, `diagnostics` says what went wrong. What comes in or goes out
passes one place for each kind: `text` (bytes, lines, terminals), `json_values` (JSON and its numbers), `file_names` (names that
become paths).
"""
