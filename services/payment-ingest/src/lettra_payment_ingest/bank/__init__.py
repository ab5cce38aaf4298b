"""Bank files, read purely: bytes in, statements out, no other input or output.

`camt` reads, `checks` judges whether a statement adds up and follows the one before, `identity` says which
transactions are new. Whatever a file holds, the only error is `errors.UnreadableFile`.
"""
