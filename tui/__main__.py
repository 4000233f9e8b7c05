"""The command: `codearts-watch`, and the same as `python -m tui`."""

import sys


def main() -> int:
    """Returns the exit code. An interrupt may come while the program is still being loaded."""
    try:
        from tui.hardening import harden

        harden()  # first: the environment may hold a token from the start
        from tui.cli import main

        return main()
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
