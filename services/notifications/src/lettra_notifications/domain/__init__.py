"""What a message is, what became of it, and what is known when it is about to leave. Pure values."""
