"""The command: `codearts-watch`, and the same as `python -m tui`."""

import sys


def main() -> int:
    """Returns the exit code. An interrupt may come while the program is being loaded, and so may a lack of anything."""
    try:
        return _run()
    except KeyboardInterrupt:
        return 130
    finally:
        _give_up_messages()


def _run() -> int:
    from tui.core.errors import shortage

    try:
        from tui.startup import gc_paused, harden

        harden()  # first: the environment may hold a token from the start
        with gc_paused():
            from tui.cli import main

            return main()
    except Exception as error:
        lacking = shortage(error)
        if not lacking:
            raise
        _end_quietly()
        from tui.commands.output import Output
        from tui.core.text import capitalised

        Output.standard().say(capitalised(f"{lacking}."))
        return 2


def _give_up_messages() -> None:
    """Drops what standard error did not take, as on a full disk: the interpreter would exit with 120 for it."""
    try:
        if sys.stderr:
            sys.stderr.flush()
    except OSError:
        from tui.commands.output import drop

        drop(sys.stderr)


def _end_quietly() -> None:
    """Silence what half-made objects say when they are taken down."""
    import warnings

    warnings.simplefilter("ignore")
    sys.unraisablehook = lambda _: None


def _forget_working_folder() -> None:
    """Drops the working folder from where modules are looked for: `python -m` looks there first, and anybody may have
    put a `textual` there.

    What Python loads before this, `runpy` and what that needs, still comes from there, and so does a `tui`: there
    `codearts-watch` is safe, and `python -P -m tui`. Imports nothing, since nothing may be looked for yet.
    """
    if not sys.flags.safe_path and f"{sys.path[0]}/tui/__main__.py" != __file__:
        del sys.path[0]


if __name__ == "__main__":
    _forget_working_folder()
    sys.exit(main())
