"""Where everything of one demonstration lives, and how it gets there.

python -m shadow.examples.refund_desk.home DIR [--seed N] [--faults K] [--days D] [--scale X]
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from shadow.errors import UsageError
from shadow.examples.refund_desk import agent, faults, generate
from shadow.examples.refund_desk.generate import Truth


@dataclass(frozen=True, slots=True, kw_only=True)
class Home:
    """The files of one demonstration.

    Attributes:
        world: the live system.
        planted: what was planted; only tests and benchmarks read it.
        version_1: the settings of candidate version 1, JSON.
        calls: one line, a case's id, for each call of the desk's rate service by a candidate.
    """

    root: Path

    @property
    def world(self) -> Path:
        return self.root / "world.db"

    @property
    def planted(self) -> Path:
        return self.root / "planted.json"

    @property
    def version_1(self) -> Path:
        return self.root / "version_1.json"

    @property
    def calls(self) -> Path:
        return self.root / "calls.log"

    def url(self) -> str:
        """The world's SQLAlchemy URL, for the environment variable SHADOW_CONN_DESK_RO."""
        return f"sqlite:///{self.world.resolve()}"

    def settings(self, label: str) -> dict[str, Any]:
        """The settings of a candidate's version: "version 1" has faults, "version 2" none."""
        if label != "version 1":
            return {}
        settings: dict[str, Any] = json.loads(self.version_1.read_text())
        return settings


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipe:
    """What a demonstration is made from; equal recipes make equal worlds and faults.

    Attributes:
        seed: any whole number.
        faults: how many faults version 1 has, ≥ 1.
        days: arrival days, 1 to 28.
        scale: share of the full volume, > 0.
    """

    seed: int = 1
    faults: int = 3
    days: int = 28
    scale: float = 1.0


def prepare(root: Path, recipe: Recipe) -> Home:
    """The demonstration's files, made where they are not there yet; a second call changes nothing.

    Raises:
        UsageError: another demonstration lives there, or the recipe is out of range.
    """
    home = Home(root=root)
    if home.planted.exists():
        _same(home, recipe)
        return home
    if not 1 <= recipe.days <= 28 or recipe.scale <= 0:
        raise UsageError("out of range", where="refund desk", seen=str(recipe), allowed="1 to 28 days, scale > 0")
    drawn = faults.draw(recipe.seed, recipe.faults)
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=root, prefix=".making-") as making:
        made = Home(root=Path(making))
        truth = generate.build(made.world, seed=recipe.seed, days=recipe.days, scale=recipe.scale)
        _write(made.version_1, {"faults": drawn})
        _write(made.planted, planted(recipe, drawn, truth))
        # planted.json comes last: where it is, all of it is there
        for name in ("world.db", "version_1.json", "planted.json"):
            (made.root / name).replace(root / name)
    return home


def planted(recipe: Recipe, drawn: Sequence[faults.Fault], truth: Truth) -> dict[str, Any]:
    """What tests compare findings with.

    `{"recipe": …, "faults": [fault, …], "own": {case: {"place", "direction", "severity"}}, "control":
    {case: {"kind", "severity", "corrected"}}, "doubled": [case, …], "malformed": …, "injected": …, "never": …}`
    """
    own = {
        case: {"place": "amount", "direction": "lower", "severity": "major"}
        for case, plan in truth.right.items()
        if plan.refunds and agent.slips(case)
    }
    mess = {name: getattr(truth, name) for name in ("doubled", "malformed", "injected", "never")}
    return {"recipe": asdict(recipe), "faults": list(drawn), "own": own, "control": truth.mistakes, **mess}


def _same(home: Home, recipe: Recipe) -> None:
    found = json.loads(home.planted.read_text())["recipe"]
    if found != asdict(recipe):
        raise UsageError(
            "another demonstration lives here", where=str(home.root), seen=str(found), allowed=str(asdict(recipe)),
            todo="give another directory, or remove this one",
        )  # fmt: skip


def _write(path: Path, data: Any) -> None:
    path.write_text(json.dumps(data, indent=1, sort_keys=True) + "\n")


def main(arguments: Sequence[str]) -> int:
    """The command line; 0 when the files are there."""
    parser = argparse.ArgumentParser(prog="refund_desk.home", description="Make a refund desk to try shadow mode on.")
    parser.add_argument("root", type=Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--faults", type=int, default=3)
    parser.add_argument("--days", type=int, default=28)
    parser.add_argument("--scale", type=float, default=1.0)
    given = vars(parser.parse_args(arguments))
    home = prepare(given.pop("root"), Recipe(**given))
    sys.stdout.write(f"{home.world}\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
