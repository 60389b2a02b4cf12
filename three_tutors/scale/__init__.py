"""From one machine to many: who calls a function over blocks of rows, and what it leaves on disk, whole or not at all.

engine      calls a function for each task, in order: in this process, in several, or in a Ray cluster
blocks      where a file of lines is cut, so that a line more or less moves few cuts
shards      what one task made, kept under the digest of what it was made from; `merging` makes one file of many
rows        a function called for every block of the pipeline's files; `kin` and the rooms hold such functions
alike       which of millions of texts are alike, in little memory
parts       dialogues as parts with a manifest, also as Parquet
"""
