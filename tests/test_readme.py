"""README's table of keys is made from the list of keys; run this file to write it anew. Its list of commands has all,
in the order of the help."""

import re
from pathlib import Path

from tui.cli import commands
from tui.ui.keys import key_table

README = Path(__file__).parents[1] / "README.md"
START, END = "<!-- keys -->\n", "<!-- /keys -->"


def table() -> str:
    lines = ["| key | does | name |", "| --- | --- | --- |"]
    for group, rows in key_table({}):
        lines.append(f"| **{group}** | | |")
        for keys, text, name in rows:
            lines.append(f"| {_each(keys)} | {text} | {_each(name)} |")
    return "\n".join(lines) + "\n"


def _each(names: str) -> str:
    return " ".join(name if name == "…" else f"`{name}`" for name in names.split(" "))


def with_table(readme: str) -> str:
    before, _, rest = readme.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{table()}{END}{after}"


def test_readme_has_the_keys_that_the_program_has() -> None:
    readme = README.read_text()
    assert readme == with_table(readme)


def test_readme_lists_the_commands_that_the_program_has() -> None:
    listed = re.findall(r"^codearts-watch ([a-z-]+) ", README.read_text().partition("## Commands")[2], re.MULTILINE)
    assert [name for name in listed if name[0] != "-"] == list(commands())


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
