"""codearts-watch: a terminal monitor for CodeArts Build jobs."""

__version__ = "0.1.0"
