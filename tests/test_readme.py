"""README's table of keys is made from the list of keys; run this file to write it anew."""

from pathlib import Path

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


if __name__ == "__main__":
    README.write_text(with_table(README.read_text()))
