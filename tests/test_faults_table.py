"""The table of faults names tests that exist: no row without a proof."""

import ast
import re
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
LINES = (HERE / "README.md").read_text(encoding="utf-8").splitlines()
HEAD = "| fault | what the user sees | test |"
ROWS = [
    line
    for line in LINES
    if line.startswith("|") and line.count("|") == 4 and line != HEAD and not line.startswith("| -")
]
PROOF = re.compile(r"`((?:\w+/)?test_\w+\.py)::(\w+)`")


@cache
def defined(path: Path) -> set[str]:
    """Names of tests that pytest collects there."""
    functions = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Assign)
    nodes = [node for node in ast.parse(path.read_text(encoding="utf-8")).body if isinstance(node, functions)]
    names = {node.name for node in nodes if not isinstance(node, ast.Assign)}
    names |= {ast.unparse(target) for node in nodes if isinstance(node, ast.Assign) for target in node.targets}
    return {name for name in names if name.startswith(("test_", "Test"))}


def test_every_row_names_a_test_that_exists() -> None:
    for row in ROWS:
        cells = [cell.strip() for cell in row.strip("|").split("|")]
        assert all(cells), row
        proofs = PROOF.findall(cells[2])
        assert len(proofs) == cells[2].count("`") // 2 >= 1, row
        for file, name in proofs:
            assert name in defined(HERE / file), f"{file} has no {name}"


def test_every_section_has_a_table_and_every_row_is_read() -> None:
    sections = sum(line.startswith("## ") for line in LINES)
    assert LINES.count(HEAD) == sum(line == "| --- | --- | --- |" for line in LINES) == sections
    assert len(ROWS) == sum("::" in line for line in LINES) > 150
