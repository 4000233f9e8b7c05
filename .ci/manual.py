"""The manual page, made from the arguments that the program really takes and from the reference's tables.

`python3 .ci/manual.py` prints it.
"""

import sys
from argparse import Action
from collections.abc import Iterable, Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tui.commands.parser import Parser

ROOT = Path(__file__).resolve().parents[1]


def program() -> "Parser":
    """Needs nothing but this checkout and the standard library."""
    sys.path.insert(0, str(ROOT))
    from tui.cli import parser

    return parser()


def page(parser: "Parser") -> str:
    version = next(getattr(action, "version", "") for action in parser.shown if action.dest == "version")
    name, description = _roff(parser.prog), parser.description or ""
    return "\n".join(
        [
            f'.TH {name.upper()} 1 "" "{_roff(version)}" "User Commands"',
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


def _groups(parser: "Parser") -> Iterator[str]:
    groups: dict[str, list[Action]] = {}
    for action in parser.shown:
        groups.setdefault(vars(action)["container"].title or "", []).append(action)
    for title, actions in groups.items():
        yield f".SH {_roff(title.upper())}"
        for action in actions:
            yield from _argument(action, parser)


def _commands(parser: "Parser") -> Iterator[str]:
    """What every command takes stands above, once."""
    yield ".SH COMMANDS"
    for name, command in parser.commands.items():
        own = [action for action in command.shown if action.dest != "help"]
        places = "".join(f" \\fI{_roff(_value(action))}\\fR" for action in own if not action.option_strings)
        yield f".SS \\fB{_roff(name)}\\fR{places}"
        yield from _paragraph(command.description or command.summary)
        for action in own:
            yield from _argument(action, command)
        yield from _paragraph(command.epilog or "")


def _argument(action: Action, parser: "Parser") -> Iterator[str]:
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
    """The rows of the reference's table whose first column has this head."""
    after = (ROOT / ".github" / "reference.md").read_text("utf-8").partition(f"\n| {head} |")[2].splitlines()[2:]
    for line in takewhile(lambda line: line.startswith("|"), after):
        yield [cell.strip().replace("`", "") for cell in line.strip("|").split("|")]


def _value(action: Action) -> str:
    """What stands for the value, or the values, of an option or argument."""
    if action.nargs == 0:
        return ""
    name = str(action.metavar or (action.dest.upper() if action.option_strings else action.dest))
    if action.choices:
        name = f"{{{','.join(map(str, action.choices))}}}"
    return {"*": f"[{name} ...]", "+": f"{name} [{name} ...]"}.get(str(action.nargs), name)


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
