"""How many routes a second one process decides, beside a bare hash and beside asking the store each time.

python -m benchmarks.route
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path

from shadow.rollout import explain, refresh, route
from shadow.rollout.deciding import Clocks, Router, decide
from shadow.rollout.known import read_known, write_known
from shadow.rollout.places import home, route_file
from shadow.store import Store, open_store
from shadow.store.ledger import Event, append
from shadow.store.stages import Stage, StageRow, add_stage, stage_of

NAME, SHARE = "refund-desk", 5.0
KEYS = [f"customer-{number}" for number in range(100_000)]
PROMISED = 100_000  # decisions a second on one core
ROUNDS = 5


def bare(key: str) -> str:
    """What somebody writes who only wants a share: a hash, and nothing that could say no."""
    return "candidate" if int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "big") % 100 < 5 else "control"


def from_cache(key: str) -> str:
    """Ours: kill switch, file, age and clock looked at for each key."""
    return route(NAME, key)


def asking(store: Store) -> Callable[[str], str]:
    """Without a cache: the stage is read from the store for each key."""

    def ask(key: str) -> str:
        row = stage_of(store, NAME)
        return bare(key) if row is not None and row.share else "control"

    return ask


def rate(decide_one: Callable[[str], str], keys: list[str]) -> float:
    """Decisions a second of CPU: the best of five rounds, for whatever else runs here only slows them."""
    found = []
    for _ in range(ROUNDS):
        began = time.process_time()
        for key in keys:
            decide_one(key)
        found.append(len(keys) / (time.process_time() - began))
    sys.stdout.write(f"    rounds: {min(found):,.0f} to {max(found):,.0f}, median {statistics.median(found):,.0f}\n")
    return max(found)


@contextmanager
def desk() -> Iterator[Store]:
    """A store of its own in which 5 % of a workflow's traffic is the candidate's."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SHADOW_HOME"] = folder
        os.environ.pop("SHADOW_STORE_URL", None)
        store, now = open_store(), datetime.now(UTC)
        row = StageRow(
            workflow=NAME, number=1, stage=Stage.CANARY, share=SHARE, experiment="x1", contract="c1", request="r1",
            demonstration=False, who="ann", why="benchmark", at=now, seq=1,
        )  # fmt: skip
        body = {"to": "canary", "number": 1, "share": SHARE, "experiment": "x1", "demonstration": False}
        with store.write() as connection:
            append(store, connection, event=Event.PROMOTED, workflow=NAME, subject="r1", body=body, now=now)
            add_stage(connection, row)
        refresh(store, NAME)
        yield store
        store.close()


def doubts(keys: list[str]) -> None:
    """The rate in each state in which the answer is control."""
    path, quiet = route_file(home(), NAME), Router(where=home(), clocks=Clocks())
    known = read_known(path)[1]
    if known is None:
        raise SystemExit("the route file is damaged")
    for name, change in (
        ("too old", lambda: write_known(path, replace(known, written_at=known.written_at - 3600))),
        ("damaged", lambda: Path(path).write_text("{", encoding="utf-8")),
        ("no file", lambda: Path(path).unlink()),
        ("kill file", lambda: Path(home(), "kill").touch()),
    ):
        change()
        sys.stdout.write(f"  {name}:\n")
        rate(lambda key: str(decide(quiet, NAME, key, False)), keys)


def main() -> int:
    """Print the figures; 1 where the promise is not kept."""
    with desk() as store:
        route(NAME, KEYS[0])  # starts the refresher, as in production: it runs through all that follows
        chosen = sum(from_cache(key) == "candidate" for key in KEYS)
        sys.stdout.write(f"share {SHARE:g} %: {chosen:,} of {len(KEYS):,} keys; {explain(NAME, KEYS[0]).reason}\n")
        sys.stdout.write("route, from the cache:\n")
        ours = rate(from_cache, KEYS)
        sys.stdout.write("a bare hash:\n")
        hashed = rate(bare, KEYS)
        sys.stdout.write("the store at each decision (SQLite):\n")
        asked = rate(asking(store), KEYS[:2_000])
        sys.stdout.write("control, for a doubt:\n")
        doubts(KEYS[:50_000])
    sys.stdout.write(
        f"route {ours:,.0f} a second ({1e6 / ours:.1f} µs): 1/{hashed / ours:.1f} of a bare hash, "
        f"{ours / asked:,.0f} times the store\n"
        f"promised {PROMISED:,} a second on one core: {'kept' if ours >= PROMISED else 'NOT KEPT'}\n"
    )
    return 0 if ours >= PROMISED else 1


if __name__ == "__main__":
    sys.exit(main())
