"""The words of our field: dialogues, lessons, formats, tokens, prices, scores. No heavy library."""
