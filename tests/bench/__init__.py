"""The benchmark: `python -m tests.bench`. Not part of the tests: nothing here passes or fails by a time."""
