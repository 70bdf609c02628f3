"""Each gate weakened in one place at a time, and the test that dies of it.

The sources are copied; nothing of the tree itself changes. `python -m benchmarks.readiness mutations`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from benchmarks.readiness.mutant import Mutant
from benchmarks.readiness.mutants import MUTANTS
from benchmarks.readiness.rows import Row, Run

HERE = Path(__file__).resolve().parents[2]
COPIED = ("shadow", "comparators", "tests", "dags", "plugins", "benchmarks")
_FAILED = re.compile(r"^FAILED (?P<test>\S+::\w+)", re.MULTILINE)


def rows(how: Run) -> Iterator[Row]:
    """One line a mutant: the first test that fails; none is a mutant that lives."""
    with tempfile.TemporaryDirectory() as place:
        copy = Path(place)
        for name in COPIED:
            shutil.copytree(HERE / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(HERE / "pyproject.toml", copy)
        for mutant in (one for one in MUTANTS if how.wanted(one.gate)):
            yield _row(copy, mutant)


def _row(copy: Path, mutant: Mutant) -> Row:
    what = f"{mutant.gate}: {mutant.how}"
    path = copy / mutant.file
    text = path.read_text()
    if text.count(mutant.old) != 1:
        return Row(what=what, seen=f"{mutant.file}: not there once", good=False)
    path.write_text(text.replace(mutant.old, mutant.new))
    try:
        killer = _killer(copy, mutant.tests)
    finally:
        path.write_text(text)
    return Row(what=what, seen=killer or "lives", good=bool(killer))


def _killer(copy: Path, tests: tuple[str, ...]) -> str:
    """The first test that fails; an error while collecting is not a test that fails."""
    command = [sys.executable, "-m", "pytest", "-x", "-q", "--tb=no", "-p", "no:cacheprovider", *tests]
    command += [f"--basetemp={copy / 'pytest'}"]
    done = subprocess.run(
        command, cwd=copy, env={**os.environ, "PYTHONPATH": str(copy)}, capture_output=True, text=True, check=False
    )
    found = _FAILED.search(done.stdout)
    return found["test"].removeprefix("tests/") if found else ""
