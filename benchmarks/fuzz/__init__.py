"""Stranger's files and mistyped commands, many and seeded: ``python -m benchmarks.fuzz``."""
