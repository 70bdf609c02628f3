"""A candidate's declared variables: it finds them, and nothing of it runs by them before it is held."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.replay.desk import candidate, case, one

pytestmark = pytest.mark.kill
SHOWS = """
import os
def handle(case, tools):
    return {"key": os.environ["KEY"], "path": os.environ["PYTHONPATH"]}
"""


def test_what_means_something_to_the_interpreter_or_the_loader_runs_nothing_before_the_cage(tmp_path: Path) -> None:
    """PYTHONPATH's sitecustomize and LD_PRELOAD's library would: they are set once it is held (`zygote.Order`)."""
    folder, made = tmp_path / "own", tmp_path / "made"
    agent = candidate(
        folder, SHOWS, environment={"KEY": "dummy", "PYTHONPATH": str(folder), "LD_PRELOAD": _library(tmp_path, made)}
    )
    (folder / "sitecustomize.py").write_text(f"open({str(made)!r}, 'w').write('x')", encoding="utf-8")
    agent = candidate(folder, SHOWS, environment=dict(agent.environment))
    assert one(agent, case()).value == {"key": "dummy", "path": str(folder)}
    assert not made.exists()


def _library(folder: Path, made: Path) -> str:
    """A library that writes a file as it is loaded; none where there is no compiler."""
    if shutil.which("cc") is None:
        return ""
    source, library = folder / "early.c", folder / "early.so"
    source.write_text(
        "#include <fcntl.h>\n#include <unistd.h>\n"
        f'__attribute__((constructor)) static void early(void) {{ close(open("{made}", O_CREAT | O_WRONLY, 0600)); }}\n'
    )
    subprocess.run(["cc", "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    return str(library)
