"""The arrows of the house, read from the syntax trees: what may import what, and nothing else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FRAMEWORKS = {  # a framework, and who may import it
    "airflow": ("shadow.adapters.airflow", "shadow.adapters.slack"),  # Slack's token may be an Airflow connection
    "slack_sdk": ("shadow.adapters.slack",),
    "great_expectations": ("shadow.adapters.expectations",),
    "openai": ("shadow.adapters.openai",),
    "langgraph": ("shadow.adapters.langgraph",),
    "langchain_core": ("shadow.adapters.langgraph",),
}
WHO_NEEDS_THE_EXAMPLE = {"shadow.cli.demo"}  # besides the example itself; dags/ and tests/ are not under shadow/


def modules() -> dict[str, Path]:
    """Every module of the two packages by its dotted name."""
    files = [path for room in ("shadow", "comparators") for path in (ROOT / room).rglob("*.py")]
    return {_name(path): path for path in files}


def _name(path: Path) -> str:
    parts = list(path.relative_to(ROOT).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imports(path: Path, *, top_only: bool = False) -> Iterator[tuple[int, str, ast.stmt]]:
    """(line, dotted name, statement) of each import; `from a import b` gives a.b."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for node in _run_at_import(tree) if top_only else ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, node
        elif isinstance(node, ast.ImportFrom):
            for alias in node.names:
                yield node.lineno, f"{node.module}.{alias.name}", node


def _run_at_import(tree: ast.AST) -> Iterator[ast.AST]:
    """The statements that run when the module is imported: not in functions, not under TYPE_CHECKING."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
            continue
        yield node
        yield from _run_at_import(node)


def within(name: str, package: str) -> bool:
    """Whether a dotted name is the package or inside it."""
    return name == package or name.startswith(package + ".")


MODULES = modules()


def test_arrows() -> None:
    """Core never imports adapters or examples, comparators only shadow.plug, frameworks only their adapter."""
    assert not [
        f"{name}, line {line}: {target}"
        for name, path in sorted(MODULES.items())
        for line, target, _ in imports(path)
        if _forbidden(name, target)
    ]


def _forbidden(name: str, target: str) -> bool:
    for framework, homes in FRAMEWORKS.items():
        if within(target, framework) and not any(within(name, home) for home in homes):
            return True
    if within(name, "comparators"):
        ours = within(target, "shadow") or within(target, "comparators")
        return ours and not (within(target, "shadow.plug") or within(target, "comparators"))
    if within(target, "shadow.examples"):
        return not (within(name, "shadow.examples") or name in WHO_NEEDS_THE_EXAMPLE)
    if within(target, "shadow.adapters"):
        return not (within(name, "shadow.adapters") or within(name, "shadow.cli"))
    return within(target, "dags") or within(target, "tests") or within(target, "plugins")


BESIDE_A_CANDIDATE = {"frames", "isolation", "relay", "tree", "external"}  # of replay's room, besides `inside`


def test_nothing_beside_a_candidate_knows_the_host() -> None:
    """Its code runs in a fork of theirs: no store, no door's state and no loop may be in that memory."""
    room = "shadow.replay"
    assert not [
        f"{name}, line {line}: {target}"
        for name, path in sorted(MODULES.items())
        if within(name, f"{room}.inside")
        for line, target, _ in imports(path)
        if _of_the_host(target, room)
    ]


def _of_the_host(target: str, room: str) -> bool:
    if any(within(target, f"shadow.{other}") for other in ("store", "steps", "sources", "evidence", "setup")):
        return True
    known = within(target, f"{room}.inside") or any(within(target, f"{room}.{one}") for one in BESIDE_A_CANDIDATE)
    return within(target, room) and not known


def test_imports_are_absolute() -> None:
    """`from . import x` says nothing about where x is; and no `import *`."""
    assert not [
        f"{name}, line {line}"
        for name, path in sorted(MODULES.items())
        for line, target, node in imports(path)
        if (isinstance(node, ast.ImportFrom) and node.level) or target.endswith(".*")
    ]


def test_no_cycle_at_import() -> None:
    """What modules import when they are imported has no cycle, so any of them can be imported first."""
    edges = {name: sorted(_needed(name)) for name in MODULES}
    done: set[str] = set()
    for name in sorted(edges):
        _walk(name, edges, done, [])


def _needed(name: str) -> set[str]:
    found = set()
    for _, target, _ in imports(MODULES[name], top_only=True):
        known = next((one for one in (target, target.rpartition(".")[0]) if one in MODULES), None)
        if known and known != name:
            found.add(known)
    return found


def _walk(name: str, edges: dict[str, list[str]], done: set[str], way: list[str]) -> None:
    assert name not in way, " -> ".join([*way[way.index(name) :], name])
    if name in done:
        return
    for target in edges[name]:
        _walk(target, edges, done, [*way, name])
    done.add(name)


def test_plugins_take_no_name_of_ours() -> None:
    """Airflow registers a plugin file by its stem: `plugins/shadow.py` would replace the package."""
    stems = [path.stem for path in (ROOT / "plugins").glob("*.py")]
    assert len(stems) == len(set(stems))
    assert not {"shadow", "comparators", "airflow", "tests", "dags", "__init__"} & set(stems)


def test_only_these_at_the_top() -> None:
    """The repository's top level is fixed."""
    allowed = {
        *("dags", "shadow", "comparators", "plugins", "tests", "requirements.txt", "README.md", "pyproject.toml"),
        *("Makefile", "LICENSE", "CHANGELOG.md", "compose.yaml", "docs", "benchmarks"),
    }
    made = {"build", "dist"}
    found = {path.name for path in ROOT.iterdir() if not path.name.startswith(".")}
    assert not {name for name in found - allowed - made if not name.endswith(".egg-info")}
