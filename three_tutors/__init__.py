"""Three Tutors: one set of teaching dialogues, three ways to make a tutor out of them, one honest comparison."""
