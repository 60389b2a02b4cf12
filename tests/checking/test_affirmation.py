from __future__ import annotations

import pytest

from three_tutors.checking.affirmation import affirmation


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        ("Great job! Now try the next one.", "Great"),
        ("Yes, and what comes next?", "Yes"),
        ("Exactly. Where does the 3 go?", "Exactly"),
        ("Right, so what is next?", "Right"),
        ("Ok, good. How many are left?", "Ok, good"),
        ("You're right! How did you see it?", "You're right"),
        ("You’re absolutely correct.", "You're absolutely correct"),
        ("That's correct, now add them.", "That's correct"),
        ("Hmm. That is the right answer.", "That is the right answer"),
        ("Very good Mariana", "Very good"),
        ("Excellent Brenda. But why?", "Excellent"),
        ("You tried it twice, well done.", "well done"),
        ("I like how you drew it.", "I like how"),
        ("Nice try, look again.", "Nice"),
        ("Perfect, so how many boxes?", "Perfect"),
        ("You did a great job of drawing it.", "great job"),
    ],
)
def test_words_that_say_a_student_is_right_are_quoted(reply: str, words: str) -> None:
    """Praise and agreement are found, at the start of a sentence or as a verdict, in any apostrophe."""
    assert affirmation(reply) == words


@pytest.mark.parametrize(
    "reply",
    [
        "Draw the right angle first, then the right-hand side.",
        "Is that right? Test it with 3.",
        "Check whether that is correct.",
        "That is not right yet. Look at the 4.",
        "You are almost right; which sign is it?",
        "What is it exactly that the 5 counts?",
        "How would you correct the second line?",
        "A good conductor lets charge through. Which of these is one?",
        "That is right of the zero. Which way is less?",
        "It is all right to feel nervous. What did you add?",
        "Good morning! How did you start?",
        "It's nice to see you. How did you get 7?",
        "Perfect squares end in 0, 1, 4, 5, 6 or 9. Does 12?",
        "Great Britain and Ireland: which one is larger?",
        "Yesterday you added. What about today?",
        "You wrote 'Yes, it is 5'. What made you sure?",
        'The book says "Correct, 12 is even". Is 13?',
        "Are you sure this is the right answer?",
        "Right? Say how you know.",
        "You're right about the 20. The 30 still hides something.",
    ],
)
def test_words_that_only_look_like_praise_are_left_alone(reply: str) -> None:
    """Right angles, questions, doubts, quotations, greetings and agreement with a part are no praise of a mistake."""
    assert affirmation(reply) is None
