"""Figures, pages and sentences made out of scores."""
