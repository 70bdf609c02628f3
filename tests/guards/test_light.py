"""What must cost next to nothing: importing the package, asking for help, parsing a DAG file."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ("airflow", "pandas", "great_expectations", "numpy", "sqlalchemy", "slack_sdk", "openai", "langchain_core")
HEAVY_IN_A_DAG_FILE = ("pandas", "great_expectations", "numpy", "slack_sdk", "scipy")
CPU_S = 0.4  # seconds of CPU that `shadow --help` may take
TELL = (
    "import json, resource, sys; used = resource.getrusage(resource.RUSAGE_SELF); "
    "sys.stderr.write('\\n' + json.dumps([sorted(sys.modules), used.ru_utime + used.ru_stime]))"
)


def loaded_by(code: str) -> tuple[set[str], float]:
    """The modules that a fresh interpreter has after `code`, and the seconds of CPU it took."""
    done = subprocess.run(
        [sys.executable, "-c", f"import atexit\natexit.register(lambda: exec({TELL!r}))\n{code}"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    names, cpu = json.loads(done.stderr.splitlines()[-1])
    assert done.returncode == 0, done.stderr
    return set(names), cpu


def test_import_shadow_is_cheap() -> None:
    """`import shadow` loads no framework, no database and no arrays."""
    names, _ = loaded_by("import shadow")
    assert not names & set(HEAVY)


@pytest.mark.parametrize("words", [["--help"], ["demo", "--help"], ["labels", "--help"]])
def test_help_is_cheap(words: list[str]) -> None:
    """Help loads nothing heavy and takes at most 0.4 s of CPU."""
    names, cpu = loaded_by(f"from shadow.cli import main\nmain({words!r})")
    assert not names & set(HEAVY)
    assert cpu <= CPU_S


@pytest.mark.parametrize("path", sorted((ROOT / "dags").glob("*.py")), ids=lambda path: path.name)
def test_a_dag_file_is_cheap(path: Path) -> None:
    """Each task parses its DAG file again: it loads Airflow's SDK and our declarations, no data library."""
    names, _ = loaded_by(f"import runpy\nrunpy.run_path({str(path)!r})")
    assert "airflow.sdk" in names
    assert not names & set(HEAVY_IN_A_DAG_FILE)
