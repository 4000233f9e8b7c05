"""A simulated CodeArts Build and IAM on loopback, for `--demo` and for tests."""
