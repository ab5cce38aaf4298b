"""The operator's side of Lettra: the command `lettra`, the local stack, the demo company, the benchmarks."""
