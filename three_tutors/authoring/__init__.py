"""Bring in, write and compare dialogues; nothing here checks them.

importing         chat files and transcripts become dialogues that an author completes; `conversations` reads the files
dialogue_file     writes a dialogue as the YAML file that an author would have written
difference        what changed since a Git revision, for people who review it: `revisions` reads both sides, `changes` compares
                  them, `making` reckons tokens and money, `difference_text` prints
"""
