"""The same core without a screen: commands for scripts, logs and screen readers. Data goes to standard output."""
