"""How messages leave: one module a channel. Each says what became of an attempt, and raises for nothing outside it."""
