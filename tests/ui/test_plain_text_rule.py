"""No text that is not written in the source reaches a widget as markup: a look at every place that hands one over.

Textual reads a `str` as markup in most of its widgets: `[@click=app.quit]` would be a button, `[/]` the end of the app.
"""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import tui

HOUSE = Path(tui.__file__).parent / "ui"
SINKS = {"notify": 1, "update": 1, "Static": 1, "Label": 1, "Option": 1, "Button": 1, "OptionList": 99, "add_option": 1}
"""What takes a text first, and how many texts."""
ATTRIBUTES = {"border_title", "border_subtitle", "tooltip"}
FORBIDDEN = {"DataTable", "Markdown", "RichLog", "from_markup", "render_markup", "Collapsible", "RadioButton"}


def nodes(tree: ast.AST) -> Iterator[ast.Call | ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call | ast.Assign | ast.AnnAssign | ast.FunctionDef | ast.ClassDef):
            yield node


def last_name(function: ast.expr) -> str:
    return ast.unparse(function).rpartition(".")[2]


@cache
def modules() -> dict[str, ast.Module]:
    paths = HOUSE.rglob("*.py")
    return {str(path.relative_to(HOUSE)): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


@cache
def drawn() -> set[str]:
    """Our functions that answer something drawn already."""
    return {
        node.name
        for tree in modules().values()
        for node in nodes(tree)
        if isinstance(node, ast.FunctionDef)
        and node.returns
        and ast.unparse(node.returns) in ("Text", "Table", "Group")
    }


def is_plain(value: ast.expr) -> bool:
    """A literal, or something that was made a Text before."""
    match value:
        case ast.Constant():
            return True
        case ast.Call(func=function):
            return last_name(function) in drawn() | {"Text", "Option"} or ast.unparse(function) == "Text.assemble"
        case ast.Starred(value=ast.GeneratorExp(elt=inner) | ast.ListComp(elt=inner)):
            return is_plain(inner)
    return False


def says_no_markup(call: ast.Call) -> bool:
    return any(
        word.arg == "markup" and isinstance(word.value, ast.Constant) and word.value.value is False
        for word in call.keywords
    )


def of_static_kind(node: ast.AST) -> Iterator[ast.Call]:
    """How a class of ours that is a Static calls what it is made of."""
    if isinstance(node, ast.ClassDef) and any(last_name(base) in ("Static", "Label") for base in node.bases):
        for inner in ast.walk(node):
            if isinstance(inner, ast.Call) and ast.unparse(inner.func) == "super().__init__":
                yield inner


def offences(tree: ast.AST) -> Iterator[str]:
    for node in nodes(tree):
        match node:
            case ast.Call() if last_name(node.func) in FORBIDDEN:
                yield f"line {node.lineno}: {ast.unparse(node.func)} reads markup"
            case ast.Call() if (number := SINKS.get(last_name(node.func))) and not says_no_markup(node):
                yield from (
                    f"line {node.lineno}: {ast.unparse(node)}" for one in node.args[:number] if not is_plain(one)
                )
            case ast.Assign(targets=[ast.Attribute(attr=name)]) if name in ATTRIBUTES and not is_plain(node.value):
                yield f"line {node.lineno}: {ast.unparse(node)}"
            case ast.FunctionDef(name="render") if not node.returns or ast.unparse(node.returns) == "str":
                yield f"line {node.lineno}: render answers a str"
        for call in of_static_kind(node):
            if not says_no_markup(call) and not all(map(is_plain, call.args)):
                yield f"line {call.lineno}: {ast.unparse(call)}"


def test_no_text_of_others_is_read_as_markup() -> None:
    found = {name: list(offences(tree)) for name, tree in modules().items()}
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "source",
    [
        "self.notify(text)",
        "self.notify(f'{text}', markup=True)",
        "self.app.notify(clean(text))",
        "widget.update(text)",
        "yield Static(self.title)",
        "yield Label(f'{name}')",
        "OptionList(*(Option(word) for word in words))",
        "OptionList(first)",
        "box.border_title = name",
        "self.tooltip = f'{name}'",
        "Content.from_markup(text)",
        "yield DataTable()",
        "def render(self) -> str: ...",
        "class Mine(Static):\n    def __init__(self, text):\n        super().__init__(text)",
    ],
)
def test_the_look_finds_what_it_looks_for(source: str) -> None:
    assert len(list(offences(ast.parse(source)))) == 1
