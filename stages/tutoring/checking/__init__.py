"""The gate: read what people wrote, and say where it is wrong and what to do."""
