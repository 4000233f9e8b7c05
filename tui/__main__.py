"""The command: `codearts-watch`, and the same as `python -m tui`."""

import sys


def main() -> int:
    """The exit code. An interrupt may come while the program is still being loaded, and so may a lack of anything."""
    from tui.core.problem import shortage

    try:
        from tui.cli import main

        return main()
    except KeyboardInterrupt:
        return 130
    except Exception as error:
        lacking = shortage(error)
        if not lacking:
            raise
        _end_quietly()
        if sys.stderr:
            print(f"codearts-watch: {lacking[0].upper()}{lacking[1:]}.", file=sys.stderr)
        return 2


def _end_quietly() -> None:
    """Silence what half-made objects say when they are taken down."""
    import warnings

    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None


if __name__ == "__main__":
    sys.exit(main())
