"""Bank files, read purely: bytes in, statements out, no other input or output.

`reading` tells the format and reads it (`camt`, `mt`, `cfonb`, `csv_file`, or an `archive` of these), `checks` judges
whether a statement adds up and follows the one before, `identity` says which transactions are new, `parsing` says it
all to whoever is not the service. Whatever a file holds, the only error is `errors.UnreadableFile`.
"""
