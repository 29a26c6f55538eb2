"""Single changes of the code, and whether any test notices: ``python -m benchmarks.mutants``."""
