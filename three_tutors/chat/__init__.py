"""The web page where a person talks with the tutors."""
