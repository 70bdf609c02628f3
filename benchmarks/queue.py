"""The review queue over 10,000 discrepancies: how long its pages take, beside the sheet that it stands for.

    python -m benchmarks.queue [--cases 40000] [--discrepancies 10000] [--times 20] [--store URL]

Airflow's own application answers in this process, with its login and permissions; nothing goes over a network. The
last column is how many times longer the export of all open discrepancies takes, which is what a reviewer would do
without the queue.
"""

from __future__ import annotations

import argparse
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.synthetic import fill
from shadow.review.labels import export_rows
from shadow.review.queue import next_open
from shadow.store import Store, open_store
from shadow.store.registry import Experiment

LIMIT_MS = 300
LIMIT_BYTES = 1_000_000


def main(arguments: Sequence[str]) -> int:
    """One line a page; exit code 1 where a page of the queue takes longer than 300 ms, or the report is too large."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cases", type=int, default=40_000)
    parser.add_argument("--discrepancies", type=int, default=10_000)
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--store", default="", help="URL of an empty database; a file of its own where none is given")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as place:
        os.environ["SHADOW_HOME"] = place
        if given.store:
            os.environ["SHADOW_STORE_URL"] = given.store
        client = _client(Path(place) / "airflow")
        store = open_store()
        held = fill(store, cases_in_all=given.cases, differing=given.discrepancies)
        return _measured(client, store, held, given.times)


def _client(home: Path) -> Any:
    from shadow.adapters.airflow.home import prepare

    prepare(home, home / "dags")
    from airflow.api_fastapi.app import create_app, get_auth_manager
    from airflow.api_fastapi.auth.managers.simple.user import SimpleAuthManagerUser
    from fastapi.testclient import TestClient
    from starlette.routing import Mount

    from shadow.adapters.airflow.ui import PREFIX, Pages

    app = create_app(apps="core")
    app.router.routes.insert(0, Mount(PREFIX, app=Pages()))
    client = TestClient(app, base_url="http://testserver", follow_redirects=False)
    token = get_auth_manager().generate_jwt(SimpleAuthManagerUser(username="ann", role="user"))
    client.headers["Authorization"] = f"Bearer {token}"
    return client


def _measured(client: Any, store: Store, held: Experiment, times: int) -> int:
    dag = f"shadow-{held.workflow}"
    queue = f"/shadow/review/{dag}/{held.id}"
    began = time.perf_counter()
    rows = export_rows(store, held.id)
    export_ms = 1000 * (time.perf_counter() - began)
    sys.stdout.write(f"{len(rows):,} open discrepancies; the sheet of all of them: {export_ms:,.0f} ms\n")
    first, middle = rows[0]["case"], rows[len(rows) // 2]["case"]

    def save() -> Any:
        one = next_open(store, held.id)
        where = f"/shadow/labels/{dag}/{held.id}?case={one.case_id}&discrepancy={one.discrepancy}" if one else ""
        return lambda: client.post(where, data={"side": "control", "grade": ""})

    pages: list[tuple[str, Callable[[], Any]]] = [
        ("the next discrepancy", lambda: lambda: client.get(queue)),
        ("the next, after half of them", lambda: lambda: client.get(f"{queue}?after={middle}")),
        ("every severity", lambda: lambda: client.get(f"{queue}?every=yes")),
        ("one discrepancy", lambda: lambda: client.get(f"/shadow/cases/{dag}/{held.id}?case={first}")),
        ("save a word", save),
        ("the home page", lambda: lambda: client.get("/shadow/")),
    ]
    worst = max(_page(name, make, times, export_ms) for name, make in pages)
    return int(_report(client, f"/shadow/experiments/{dag}/{held.id}") > LIMIT_BYTES or worst > LIMIT_MS)


def _page(name: str, make: Callable[[], Any], times: int, export_ms: float) -> float:
    """The median of a page in milliseconds; the first call is left out, it loads the modules."""
    took = []
    for _ in range(times + 1):
        ask = make()
        began = time.perf_counter()
        answer = ask()
        took.append(1000 * (time.perf_counter() - began))
        if answer.status_code not in (200, 303):
            raise SystemExit(f"{name}: {answer.status_code}")
    middle, most = statistics.median(took[1:]), max(took[1:])
    sys.stdout.write(f"{name:30} p50 {middle:6.0f} ms   max {most:6.0f} ms   export/page {export_ms / middle:6.1f}\n")
    return middle


def _report(client: Any, where: str) -> int:
    began = time.perf_counter()
    size = len(client.get(where).content)
    made = time.perf_counter() - began
    began = time.perf_counter()
    client.get(where)
    again = 1000 * (time.perf_counter() - began)
    sys.stdout.write(f"the report: {size:,} bytes, made in {made:.1f} s, again in {again:.0f} ms\n")
    return size


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
