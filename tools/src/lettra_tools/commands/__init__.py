"""The subcommands of `lettra`, one module for each group of them."""
