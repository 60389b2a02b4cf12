"""How far a score may be believed: agreement with people, a judge, preferences."""
