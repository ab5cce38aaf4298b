"""`lettra match`: the matching engine on files."""
