"""Training of the model that foresees late payment: by command, never in a request. The only part that reads files."""
