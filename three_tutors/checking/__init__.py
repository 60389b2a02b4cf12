"""The gate, and nothing but the gate."""
