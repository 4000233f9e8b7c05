"""The command: `codearts-watch`, and the same as `python -m tui`."""

import sys


def main() -> int:
    """The exit code. An interrupt may come while the program is still being loaded."""
    try:
        from tui.cli import main

        return main()
    except KeyboardInterrupt:
        return 130
    except (OSError, MemoryError) as error:
        print(f"codearts-watch: It cannot be started: {type(error).__name__}, {error}.", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
