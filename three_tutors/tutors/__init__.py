"""Every tutor that was made, opened by its name: what `answer` and the chat page share."""
