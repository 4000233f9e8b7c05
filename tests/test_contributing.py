"""The pages in .github name files that exist, and the table of what to add where names what is in them; and no name of
a class means two things, as they promise."""

import ast
import re
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGES = sorted((ROOT / ".github").rglob("*.md"))
ROWS = [row for row in (ROOT / ".github/CONTRIBUTING.md").read_text("utf-8").splitlines() if row.startswith("| a")]
PATH = re.compile(r"(?:tui|tests|themes|\.ci)/[\w./]*\w|pyproject\.toml")
NAME = re.compile(r"`([A-Za-z_]{4,})`")


def paths_in(text: str) -> list[Path]:
    return [ROOT / path for path in PATH.findall(text) if "NAME" not in path]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text("utf-8")
    links = [page.parent / link for link in re.findall(r"\]\(([^):#]+)\)", text)]
    assert [str(path) for path in (*links, *paths_in(text)) if not path.exists()] == []


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.split("|")[1].strip())
def test_the_files_of_a_row_have_the_names_that_it_gives(row: str) -> None:
    files = [path for path in paths_in(row) if path.is_file()]
    if "tui/commands/" in row:
        files += (ROOT / "tui/commands").glob("*.py")
    texts = [path.read_text("utf-8") for path in (*files, *(ROOT / "tui/codearts/auth").glob("*.py"))]
    assert [name for name in NAME.findall(row) if not any(re.search(rf"\b{name}\b", text) for text in texts)] == []


def test_no_two_classes_have_the_same_name() -> None:
    """One word means one thing."""
    classes = Counter(
        node.name
        for file in (ROOT / "tui").rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text("utf-8")))
        if isinstance(node, ast.ClassDef)
    )
    assert [name for name, number in classes.items() if number > 1] == []
