"""The demonstration from end to end, shortened: what it says, and that it repeats nothing; kills are in tests/whole."""

from __future__ import annotations

import os
import subprocess
import sys
from argparse import Namespace
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from shadow.cli.demo import VERSIONS, home_of
from shadow.store import open_store
from shadow.store.registry import find_experiment
from shadow.store.verdicts import verdicts_of

ROOT = Path(__file__).resolve().parents[3]
RECIPE = ("--days", "3", "--scale", "0.06", "--seed", "5", "--faults", "2")


def command(home: Path) -> list[str]:
    """The demonstration as a person would call it."""
    call = "import sys; from shadow.cli import main; raise SystemExit(main(sys.argv[1:]))"
    return [sys.executable, "-c", call, "demo", "--home", str(home), *RECIPE]


def environment() -> dict[str, str]:
    """A person's environment: none of the tests' own Airflow in it."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "SHADOW"))}
    return {**kept, "PYTHONPATH": str(ROOT)}


def finish(home: Path) -> str:
    """Call it and wait for its end; what it said."""
    done = subprocess.run(
        command(home),
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        check=False,
    )
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


def digests(home: Path) -> dict[tuple[str, str], str]:
    """The decision digest of every look of both versions."""
    with closing(open_store(f"sqlite:///{home / 'store.db'}")) as store:
        return {
            (label, verdict.look.isoformat()): verdict.decision_digest
            for label in VERSIONS
            for verdict in verdicts_of(store, find_experiment(store, "refund-desk", label=label).id)
        }


def calls(home: Path) -> list[str]:
    """The case ids that the desk's rate service was asked for, in order."""
    log = home / "refund_desk" / "calls.log"
    return log.read_text().splitlines() if log.exists() else []


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, str]]:
    """One demonstration that nobody disturbed: its home and what it said."""
    home = tmp_path_factory.mktemp("undisturbed") / "home"
    yield home, finish(home)


@pytest.mark.slow
def test_what_it_says(undisturbed: tuple[Path, str]) -> None:
    """For each version: the verdict and why, since when, the causes, what was held, and a report that is there."""
    home, said = undisturbed
    for label in VERSIONS:
        part = said.split(f"refund-desk: {label}: ")[1].split("\n\n")[0]
        assert part.splitlines()[0] in ("NOT READY, UNSIGNED", "INCONCLUSIVE, UNSIGNED")
        for word in ("since", "because", "causes", "held", "contained", "report"):
            assert f"\n  {word} " in part, part
        page = Path(part.split("\n  report")[1].split()[0])
        assert page.suffix == ".html" and page.is_file() and page.is_relative_to(home)


@pytest.mark.slow
def test_a_second_call_repeats_nothing(undisturbed: tuple[Path, str]) -> None:
    """No window is run again, no candidate is asked again, and it says the same."""
    home, said = undisturbed
    before = (digests(home), calls(home))
    again = finish(home)
    assert "nothing is repeated" in again and (digests(home), calls(home)) == before
    assert again.split("refund-desk: version 1")[1].split("It took")[0] in said


@pytest.mark.slow
def test_another_recipe_is_refused(undisturbed: tuple[Path, str]) -> None:
    """A folder holds one demonstration; another seed there would mix two worlds."""
    home, _ = undisturbed
    done = subprocess.run(
        [*command(home), "--seed", "6"], cwd=ROOT, env=environment(), capture_output=True, text=True, check=False
    )
    assert done.returncode == 2 and "another demonstration lives here" in done.stderr


@pytest.mark.parametrize(
    ("given", "name"),
    [({}, "base"), ({"seed": 7}, "base/seed-7"), ({"seed": 7, "faults": 2}, "base/seed-7-faults-2")],
    ids=["ordinary", "another seed", "another recipe"],
)
def test_each_recipe_has_a_home(
    given: dict[str, int], name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another world does not land in the first one's folder."""
    monkeypatch.setenv("SHADOW_HOME", str(tmp_path / "base"))
    recipe = {"seed": 1, "faults": 3, "days": 28, "scale": 1.0, "home": None, **given}
    assert home_of(Namespace(**recipe)) == (tmp_path / name).resolve()
