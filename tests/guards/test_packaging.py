"""What is installed: only the two packages, all of their data, and the versions that were promised."""

from __future__ import annotations

import re
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
PROMISED = {
    "apache-airflow": "3.3.2",
    "pandas": "3.1.1",
    "sqlalchemy": "2.1.9",
    "great-expectations": "1.24.1",
    "slack-sdk": "3.47.0",
}


def project() -> dict[str, Any]:
    """pyproject.toml."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def pins() -> dict[str, str]:
    """requirements.txt as name to version."""
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    return dict(line.split("==") for line in lines if line and not line.startswith("#"))


def name_of(requirement: str) -> str:
    """The normalised name in front of a requirement's extras and ranges."""
    found = re.match(r"[A-Za-z0-9._-]+", requirement)
    return re.sub(r"[-_.]+", "-", found.group() if found else "").lower()


def test_promised_versions_are_pinned() -> None:
    """The five frameworks are pinned to the versions that everything was tried on."""
    assert {name: pins()[name] for name in PROMISED} == PROMISED


def test_every_requirement_is_pinned() -> None:
    """Whatever pyproject.toml asks for, in whatever extra, `make` installs by an exact version."""
    told = project()["project"]
    asked = [*told["dependencies"], *(one for extra in told["optional-dependencies"].values() for one in extra)]
    asked += project()["build-system"]["requires"]
    missing = {name_of(one) for one in asked} - set(pins()) - {told["name"]}
    assert not missing


def test_the_wheel_carries_two_packages() -> None:
    """`dags` and `tests` would collide with other people's; they are not in the wheel."""
    include = project()["tool"]["setuptools"]["packages"]["find"]["include"]
    assert {pattern.split(".")[0] for pattern in include} == {"shadow", "comparators"}


def test_data_files_travel_along() -> None:
    """Each file of `shadow` that is no Python is named by a pattern of the package data."""
    patterns = project()["tool"]["setuptools"]["package-data"]["shadow"]
    files = [
        path.relative_to(ROOT / "shadow")
        for path in (ROOT / "shadow").rglob("*")
        if path.is_file() and path.suffix not in (".py", ".pyc")
    ]
    lost = [str(path) for path in files if not any(fnmatch(str(path), p.replace("**/", "*")) for p in patterns)]
    assert not lost


def test_version_is_said_once() -> None:
    """The package and its metadata say the same version."""
    import shadow

    assert shadow.__version__ == project()["project"]["version"]
