"""The commands, one file each; beside them what several of them share.

To add one, write commands/NAME.py with HELP, DESCRIPTION, EXAMPLES, add_arguments(parser) and run(context, arguments),
which returns the exit code, and name it in `commands()` of tui/cli.py. Every command's module is loaded to parse the
command line: what is heavy or needs a package that is not Python's own is imported inside the functions that use it.
"""
