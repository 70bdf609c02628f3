"""Cases a second, peak memory and its growth with an instant candidate, at 1,000, 10,000 and 100,000 cases.

    python -m benchmarks.scale [--sizes 1000,10000,100000]

Each size is a process of its own that takes a JSON-lines source from arrival to verdict on the embedded store.
`ratio` is the whole way's time over that of calling the same function in a plain loop with one SQLite commit a case,
which is what a script without containment, resuming or evidence would do.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

START = datetime(2026, 1, 1, tzinfo=UTC)
AGENT = '''"""An instant candidate."""


def handle(case, tools):
    return {"decision": "yes" if case["n"] % 2 else "no"}
'''


def main(arguments: Sequence[str]) -> int:
    """One line a size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--one", type=int, default=0, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.one:
        sys.stdout.write(json.dumps(_measure(given.one)))
        return 0
    sys.stdout.write(f"{'cases':>8} {'cases/s':>8} {'replay/s':>9} {'ratio':>6} {'peak MiB':>9} {'growth MiB':>11}\n")
    before = None
    for size in given.sizes.split(","):
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.scale", "--one", size], check=True, capture_output=True, text=True
        )
        found = json.loads(done.stdout)
        growth = "" if before is None else f"{found['peak'] - before:.0f}"
        before = found["peak"]
        sys.stdout.write(
            f"{int(size):>8,} {found['rate']:>8,.0f} {found['replay']:>9,.0f} {found['ratio']:>6.1f} "
            f"{found['peak']:>9.0f} {growth:>11}\n"
        )
        sys.stdout.flush()
    return 0


def _measure(cases: int) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        (root / "instant.py").write_text(AGENT)
        _write(root / "cases.jsonl", cases)
        plain = _plain_loop(root, cases)
        whole, replay = _whole_way(root, cases)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"rate": cases / whole, "replay": cases / replay, "ratio": whole / plain, "peak": peak}


def _write(path: Path, cases: int) -> None:
    with path.open("w") as out:
        for row in _rows(cases):
            out.write(json.dumps(row) + "\n")


def _rows(cases: int) -> Iterator[dict[str, Any]]:
    step = timedelta(days=1) / cases
    for n in range(cases):
        at = START + step * n
        value = {"decision": "yes" if n % 2 else "no"}
        yield {
            "id": f"c{n:07}",
            "arrived_at": at.isoformat(),
            "input": {"customer": f"u{n % (cases // 2 + 1)}", "n": n},
            "settled": {"settled_at": (at + timedelta(seconds=1)).isoformat(), "value": value, "effects": []},
        }


def _plain_loop(root: Path, cases: int) -> float:
    """Seconds of the same function called in a loop, one commit a case."""
    sys.path.insert(0, str(root))
    from instant import handle  # type: ignore[import-not-found]

    with sqlite3.connect(root / "plain.db") as database:
        database.execute("pragma journal_mode=wal")
        database.execute("pragma synchronous=full")
        database.execute("create table answer (id text primary key, value text)")
        began = time.perf_counter()
        for row in _rows(cases):
            database.execute("insert into answer values (?, ?)", (row["id"], json.dumps(handle(row["input"], None))))
            database.commit()
        return time.perf_counter() - began


def _whole_way(root: Path, cases: int) -> tuple[float, float]:
    """Seconds from arrival to verdict, and of replaying alone."""
    from benchmarks.instant import instant
    from shadow import steps
    from shadow.store import open_store

    os.environ["SHADOW_HOME"] = str(root)
    made, store = instant(root), open_store(f"sqlite:///{root / 'store.db'}")
    began = time.perf_counter()
    experiment = steps.preflight(store, made, candidate="instant")
    run = steps.begin(store, made, experiment=experiment, start=START, end=START + timedelta(days=2))
    steps.collect(store, made, run)
    shards = steps.plan(store, made, run, shard_size=2000)
    replaying = time.perf_counter()
    for shard in shards:
        steps.replay(store, made, run, shard, holder="benchmark")
    replayed = time.perf_counter() - replaying
    for shard in steps.plan_compare(store, made, run, shard_size=2000):
        steps.compare(store, made, run, shard, holder="benchmark")
    steps.assess(store, made, run)
    return time.perf_counter() - began, replayed


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
