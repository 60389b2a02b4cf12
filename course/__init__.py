"""A course of six hours on this project; README.md begins it. Nothing of the library or the pipeline needs it."""
