"""What to do with a request now, and what the outcome of an attempt comes to. Pure."""
