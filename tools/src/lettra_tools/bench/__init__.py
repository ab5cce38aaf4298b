"""Benchmarks: every ratio is against a bare loop of the same libraries, measured in the same run and process."""
