"""House style that a machine can hold: sizes, no print, no assert, docstrings, nothing left undone."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
ROOMS = ("shadow", "comparators", "dags", "plugins")
LONGEST_FUNCTION, LONGEST_MODULE, DEEPEST = 40, 300, 3  # lines without docstring, lines, levels
NESTING = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)

Function = ast.FunctionDef | ast.AsyncFunctionDef


def production() -> Iterator[tuple[str, str, ast.Module]]:
    """(path, text, syntax tree) of every file that is not a test."""
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            text = path.read_text(encoding="utf-8")
            yield str(path.relative_to(ROOT)), text, ast.parse(text)


def functions(tree: ast.Module) -> Iterator[Function]:
    """Every function and method of a file."""
    return (node for node in ast.walk(tree) if isinstance(node, Function))


def lines_of(node: ast.stmt) -> int:
    """How many lines a statement takes."""
    return (node.end_lineno or node.lineno) - node.lineno + 1


def test_modules_stay_short() -> None:
    """No module is longer than 300 lines."""
    long = {path: len(text.splitlines()) for path, text, _ in production()}
    assert not {path: lines for path, lines in long.items() if lines > LONGEST_MODULE}


def test_functions_stay_short() -> None:
    """No function is longer than 40 lines besides its docstring; a migration is a list of tables."""
    assert not [
        f"{path}: {node.name} has {lines_of(node)} lines"
        for path, _, tree in production()
        for node in functions(tree)
        if lines_of(node) - _docstring_lines(node) > LONGEST_FUNCTION and "/migrations/" not in path
    ]


def _docstring_lines(node: Function) -> int:
    """A docstring explains; it is not what makes a function long."""
    return lines_of(node.body[0]) if ast.get_docstring(node, clean=False) is not None else 0


def test_nesting_stays_shallow() -> None:
    """Blocks nest at most three deep inside a function."""
    assert not [
        f"{path}: {node.name}" for path, _, tree in production() for node in functions(tree) if _depth(node) > DEEPEST
    ]


def _depth(node: ast.AST) -> int:
    deepest = 0
    for child in ast.iter_child_nodes(node):
        if not isinstance(child, Function | ast.ClassDef):
            own = isinstance(child, NESTING) and not _is_elif(node, child)
            deepest = max(deepest, _depth(child) + own)
    return deepest


def _is_elif(parent: ast.AST, child: ast.AST) -> bool:
    return isinstance(parent, ast.If) and isinstance(child, ast.If) and parent.orelse == [child]


def test_no_print_and_no_assert() -> None:
    """`assert` disappears under -O, `print` cannot be turned off."""
    found = []
    for path, _, tree in production():
        for node in ast.walk(tree):
            called = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if isinstance(node, ast.Assert) or called in ("print", "breakpoint"):
                found.append(f"{path}, line {node.lineno}" if isinstance(node, ast.stmt | ast.expr) else path)
    assert not found


def test_every_module_begins_alike() -> None:
    """A docstring that says what it is for, then postponed annotations."""
    found = []
    for path, _, tree in production():
        code = [node for node in tree.body if not isinstance(node, ast.Expr)]
        first = code[0] if code else None
        postponed = first is None or (isinstance(first, ast.ImportFrom) and first.module == "__future__")
        if not ast.get_docstring(tree) or not postponed:
            found.append(path)
    assert not found


def test_public_names_say_what_they_are() -> None:
    """Every public function and class at the top of a module has a docstring."""
    assert not [
        f"{path}: {node.name}"
        for path, _, tree in production()
        for node in tree.body
        if isinstance(node, Function | ast.ClassDef) and node.name[0] != "_" and not ast.get_docstring(node)
    ]


def test_nothing_is_left_undone() -> None:
    """No marker of unfinished work, in any spelling."""
    markers = ("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")
    assert not [f"{path}: {one}" for path, text, _ in production() for one in markers if one in text]


def test_nothing_is_swallowed() -> None:
    """No bare `except:`, and no handler that does nothing at all."""
    assert not [
        f"{path}, line {node.lineno}"
        for path, _, tree in production()
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and (node.type is None or all(isinstance(line, ast.Pass) for line in node.body))
    ]
