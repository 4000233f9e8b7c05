"""The manual page, made from the arguments that the program really takes and from README's tables.

`python3 .ci/manual.py` prints it.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FORM = argparse.HelpFormatter("")


def program() -> argparse.ArgumentParser:
    """Needs nothing but this checkout and the standard library."""
    sys.path.insert(0, str(ROOT))
    from tui.commands.arguments import parser

    return parser(defaultdict(lambda: lambda _: 0))


def page(parser: argparse.ArgumentParser) -> str:
    version = next(action.version for action in parser._actions if isinstance(action, argparse._VersionAction))
    name, description = _roff(parser.prog), parser.description or ""
    return "\n".join(
        [
            f'.TH {name.upper()} 1 "" "{_roff(version or "")}" "User Commands"',
            ".SH NAME",
            f"{name} \\- {_roff(description.partition(':')[0].rstrip('.'))}",
            ".SH SYNOPSIS",
            f".B {name}",
            "[\\fIOPTION\\fR]... [\\fICOMMAND\\fR [\\fIARGUMENT\\fR]...]",
            ".SH DESCRIPTION",
            _roff(description),
            *_groups(parser),
            *_commands(parser),
            *_section("ENVIRONMENT", ((variable, meaning) for _, variable, meaning in _table("option"))),
            *_section("EXIT STATUS", _table("exit code")),
            *_section("FILES", _table("file")),
            *([".SH NOTES", *_paragraph(parser.epilog)] if parser.epilog else []),
            "",
        ]
    )


def _groups(parser: argparse.ArgumentParser) -> Iterator[str]:
    for group in parser._action_groups:
        shown = [action for action in group._group_actions if not isinstance(action, argparse._SubParsersAction)]
        if any(action.help != argparse.SUPPRESS for action in shown):
            yield f".SH {_roff((group.title or '').upper())}"
            for action in shown:
                yield from _argument(action, parser)


def _commands(parser: argparse.ArgumentParser) -> Iterator[str]:
    """Leaves out the arguments that a command shares with the program: they are described once, above."""
    known = {option for action in parser._actions for option in action.option_strings}
    for chooser in parser._actions:
        if not isinstance(chooser, argparse._SubParsersAction):
            continue
        yield ".SH COMMANDS"
        helps = {action.dest: action.help for action in chooser._choices_actions}
        for name in helps:
            command: argparse.ArgumentParser = chooser.choices[name]
            own = [action for action in command._actions if not known.intersection(action.option_strings)]
            places = "".join(f" \\fI{_roff(_value(action))}\\fR" for action in own if not action.option_strings)
            yield f".SS \\fB{_roff(name)}\\fR{places}"
            yield from _paragraph(command.description or helps[name] or "")
            for action in own:
                yield from _argument(action, command)
            yield from _paragraph(command.epilog or "")


def _argument(action: argparse.Action, parser: argparse.ArgumentParser) -> Iterator[str]:
    if action.help == argparse.SUPPRESS:
        return
    value = f" \\fI{_roff(_value(action))}\\fR" if _value(action) else ""
    names = ", ".join(f"\\fB{_roff(option)}\\fR{value}" for option in action.option_strings)
    yield ".TP"
    yield names or value.lstrip()
    yield _roff((action.help or "") % {**vars(action), "prog": parser.prog})


def _section(title: str, rows: Iterable[Sequence[str]]) -> Iterator[str]:
    yield f".SH {title}"
    for name, meaning in rows:
        if name:
            yield from (".TP", f"\\fB{_roff(name)}\\fR", _roff(meaning))


def _table(head: str) -> Iterator[list[str]]:
    """The rows of README's table whose first column has this head."""
    after = (ROOT / "README.md").read_text("utf-8").partition(f"\n| {head} |")[2].splitlines()[2:]
    for line in takewhile(lambda line: line.startswith("|"), after):
        yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    metavar = "|".join(map(str, action.choices)) if action.choices else action.dest
    return _FORM._format_args(action, metavar.upper() if action.option_strings and not action.choices else metavar)


def _paragraph(text: str) -> Iterator[str]:
    """Indented lines, such as examples, stay as they are."""
    if text:
        laid_out = "\n " in text
        yield from (".PP", *([".nf"] if laid_out else []), _roff(text), *([".fi"] if laid_out else []))


def _roff(text: str) -> str:
    escaped = text.strip("\n").replace("\\", "\\e").replace("-", "\\-")
    return "\n".join("\\&" + line if line.startswith((".", "'")) else line for line in escaped.split("\n"))


if __name__ == "__main__":
    sys.stdout.write(page(program()))
