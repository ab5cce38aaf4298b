"""Loading what a decision needs, deciding, appending. Synchronous, over a workspace."""
