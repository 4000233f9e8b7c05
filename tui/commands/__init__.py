"""The commands: everything that runs without the screen."""
