"""Bring in, write and compare dialogues."""
