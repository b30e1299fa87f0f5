"""How fast the engine records and differentiates, beside its peers: `python -m tests.benchmarks`."""
