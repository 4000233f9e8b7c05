"""A parser of arguments that repeats no value: it may be a secret; and what the commands' arguments have in common."""

import argparse
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, NoReturn

from tui.commands.output import Output, fitting
from tui.core.text import clean, did_you_mean, folded

_VALUE = re.compile(r"""(invalid [\w ]+?|ignored explicit argument):? (?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")""")
_OPTION = re.compile(r"(--[A-Za-z][A-Za-z-]{0,30})(?:=.*)?|(-[A-Za-z]).*", re.DOTALL)

_NO_TOKEN = "; a token comes from CODEARTS_TOKEN or a file, never from an argument: arguments are public"


class Parser(argparse.ArgumentParser):
    """Parses the arguments. Its errors name the wrong options but never values: a value may be a secret, and is not
    cleaned yet."""

    summary = ""
    """What a command does, in a few words."""
    common: Sequence[argparse.Action] = ()
    """The options that every command takes; the help of the program shows them, once."""

    @property
    def shown(self) -> list[argparse.Action]:
        """The options and arguments that the help shows, without the choice of a command."""
        return [one for one in self._actions if one.help != argparse.SUPPRESS and one.nargs != argparse.PARSER]

    @property
    def _bare_options(self) -> dict[str, str]:
        """The options by their names without dashes, which would make any two alike."""
        return {option.lstrip("-"): option for option in self._option_string_actions}

    @property
    def commands(self) -> "Mapping[str, Parser]":
        """The parsers of the commands, in the order of the help."""
        choices = (one.choices for one in self._actions if one.nargs == argparse.PARSER)
        return {name: parser for some in choices if isinstance(some, Mapping) for name, parser in some.items()}

    def parse_args(self, args: Any = None, namespace: Any = None) -> Any:
        given = list(sys.argv[1:] if args is None else args)
        unknown = self._first_unknown(given)
        if unknown.startswith("-"):
            self.refuse([unknown])
        elif unknown:
            names = {**self._bare_options, **{name: name for name in self.commands}}
            self.error(f"unknown command: {did_you_mean(unknown, names) or 'it is one of ' + ', '.join(self.commands)}")
        known, rest = self.parse_known_args(given, namespace)
        if rest:
            getattr(known, "parser", self).refuse(rest)
        return known

    def _first_unknown(self, given: Sequence[str]) -> str:
        """The first unknown option before the command's name, whose value argparse would take for that name; or else
        the name, if there is no such command."""
        words = iter(given)
        for word in words:
            name, has_value, _ = word.partition("=")
            if not name.startswith("-"):
                return word if self.commands and word not in self.commands else ""
            action = self._option_string_actions.get(name)
            if action is None:
                return word
            if action.nargs is None and not has_value:
                next(words, None)
        return ""

    def refuse(self, arguments: Sequence[str]) -> NoReturn:
        """Names the unknown options among them, and the one that is near."""
        options = [found[1] or found[2] for argument in arguments if (found := _OPTION.fullmatch(argument))]
        hidden = len(arguments) - len(options)
        parts = [*options, *([f"{hidden} that may be a secret, so not repeated here"] if hidden else [])]
        is_secret = any("token" in option or "pass" in option for option in options)
        near = did_you_mean(options[0].lstrip("-"), self._bare_options) if len(options) == 1 else ""
        advice = _NO_TOKEN if is_secret else near and f"; {near}"
        self.error(f"unrecognized arguments: {', '.join(parts)}{advice}")

    def _print_message(self, message: str, file: Any = None) -> None:
        """Write help or an error. Raises UserError if help cannot be written; argparse ignores a full disk."""
        if file is sys.stdout:
            Output.standard().text(message)
        elif file:
            with suppress(OSError):
                file.write("".join(f"{part}\n" for line in message.splitlines() for part in fitting(line, file)))

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"{self.prog}: error: {clean(_VALUE.sub(lambda found: found[1], message), 2000)}\n")


class HelpText(argparse.HelpFormatter):
    """Folds each paragraph, a line in the source, to the terminal's width; indented lines, such as examples, stay."""

    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: Any = None) -> None:
        """The options stand below, with what they mean; an error names the wrong one."""
        self._prog += " [OPTION ...]"
        super().add_usage(usage, [one for one in actions if not one.option_strings], [], prefix)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        parts = (part for line in text.splitlines() for part in ([line] if line[:1] == " " else folded(line, width)))
        return "\n".join(indent + part for part in parts)


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """Returns a reader of a number of these, for argparse: it raises its error."""

    def read(text: str) -> int:
        if not re.fullmatch("[0-9]{1,9}", text) or not low <= int(text) <= high:
            raise argparse.ArgumentTypeError(f"it must be a number from {low} to {high}")
        return int(text)

    return read


def examples(*uses: str) -> str:
    return "\n".join(["examples:", *(f"  codearts-watch {use}".rstrip() for use in uses)])
