"""What each way of making a tutor costs, in tokens and integer micro-USD."""
