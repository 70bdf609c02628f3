"""`shadow verdict` and `shadow report`: what the store already knows, nothing is run."""

from __future__ import annotations

import json
from argparse import Namespace

from shadow.approval import signed
from shadow.cli.terminal import complain, say, write
from shadow.errors import UsageError
from shadow.store import open_store
from shadow.store.registry import find_experiment
from shadow.store.verdicts import StoredVerdict, verdicts_of

CODES = {"ready": 0, "ready (demonstration)": 0, "not ready": 1, "inconclusive": 3}


def verdict(given: Namespace) -> int:
    """Print the newest verdict; the exit code says which it is."""
    store = open_store(given.store)
    held = find_experiment(store, given.workflow, label=given.candidate)
    found = verdicts_of(store, held.id)
    if not found:
        raise UsageError("it was not assessed yet", where=f"{held.workflow} {held.label}", todo="run it first")
    last = found[-1]
    if given.json:
        say(json.dumps({**_data(last), "unsigned": not signed(store, last.contract)}, indent=2, ensure_ascii=False))
    else:
        unsigned = "" if signed(store, last.contract) else ", unsigned"
        say(f"{held.workflow} {held.label}: {last.word}{unsigned} (look of {last.look:%Y-%m-%d %H:%M} UTC)")
        for reason in last.body["reasons"]:
            say(f"  {reason}")
        if last.body["forecast"]:
            say(f"  forecast: {last.body['forecast']}")
    return CODES[last.word]


def report(given: Namespace) -> int:
    """Write the report as text, JSON or one HTML page."""
    from shadow.reports.html import page
    from shadow.reports.text import text
    from shadow.steps import build_report

    store = open_store(given.store)
    held = find_experiment(store, given.workflow, label=given.candidate)
    made = build_report(store, held.id)
    if given.html:
        write(given.html, page(made))
        complain(f"written to {given.html}")
    elif given.json:
        say(json.dumps(made.to_json(), indent=2, ensure_ascii=False))
    else:
        say(text(made))
    return 0


def _data(one: StoredVerdict) -> dict[str, object]:
    return {
        "run": one.run,
        "experiment": one.experiment,
        "look": one.look.isoformat(),
        "word": one.word,
        "contract": one.contract,
        "decision_digest": one.decision_digest,
        "measurement_digest": one.measurement_digest,
        "counts_digest": one.counts_digest,
        "verdict": dict(one.body),
    }
