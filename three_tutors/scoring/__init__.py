"""One reply in, scores out."""
