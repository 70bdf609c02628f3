"""A sandbox of the test's own, by bubblewrap: what an external isolation may look like."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]
_SHOWN = ("/usr", "/lib", "/lib64", "/bin", "/etc", sys.base_prefix, sys.prefix)
_APART = ("--unshare-all", "--die-with-parent", "--new-session", "--proc", "/proc", "--dev", "/dev")


def bwrap(*shown: Path) -> str:
    """The words that start a program where these directories, Python and the harness's code can be read."""
    why = _why_not()
    if why:
        pytest.skip(why)
    code = [str(ROOT / name) for name in ("shadow", "comparators")]
    binds = [("--ro-bind", place, place) for place in (*_SHOWN, *code, *map(str, shown)) if Path(place).exists()]
    return shlex.join(["bwrap", *_APART, *(word for bind in binds for word in bind), "--"])


@cache
def _why_not() -> str:
    if shutil.which("bwrap") is None:
        return "no bubblewrap here"
    done = subprocess.run(
        ["bwrap", "--unshare-all", "--ro-bind", "/", "/", "true"], capture_output=True, text=True, check=False
    )
    return f"bubblewrap cannot make a sandbox here: {done.stderr.strip()}" if done.returncode else ""
