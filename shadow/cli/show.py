"""`shadow verdict` and `shadow report`: what the store already knows, nothing is run."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from shadow.approval import signed, void_because
from shadow.cli.explain import Explained, explained, lines
from shadow.cli.terminal import complain, say, write
from shadow.errors import ContractError, UsageError
from shadow.reports.safe import visible
from shadow.store import Store, open_store
from shadow.store.registry import Experiment, find_experiment
from shadow.store.verdicts import StoredVerdict, verdicts_of

CODES = {"ready": 0, "ready (demonstration)": 0, "not ready": 1, "inconclusive": 3}


def verdict(given: Namespace) -> int:
    """Print the newest verdict; the exit code says which it is. One that is void is never more than inconclusive."""
    store = open_store(given.store)
    held = find_experiment(store, given.workflow, label=given.candidate)
    found = verdicts_of(store, held.id)
    if not found:
        raise UsageError("it was not assessed yet", where=f"{held.workflow} {held.label}", todo="run it first")
    last, void = found[-1], void_because(store, held, now=datetime.now(UTC))
    asked = bool(given.explain)
    gates = _explained(store, held, last) if asked else ()
    if given.json:
        more = {"explained": [gate.to_json() for gate in gates]} if asked else {}
        data = {**_data(last), "unsigned": not signed(store, last.contract), "void": list(void), **more}
        say(json.dumps(data, indent=2, ensure_ascii=False))
    else:
        for line in (*_told(store, held, last, void), *lines(gates)):
            say(visible(line, lines=False))
    return max(CODES[last.word], CODES["inconclusive"]) if void else CODES[last.word]


def _explained(store: Store, held: Experiment, last: StoredVerdict) -> tuple[Explained, ...]:
    try:
        return explained(store, held, last)
    except ContractError as error:  # the verdict itself can be told, and says that it is void
        complain(f"shadow: it cannot be explained with what is installed here: {error}")
        return ()


def _told(store: Store, held: Experiment, last: StoredVerdict, void: Sequence[str]) -> Iterator[str]:
    unsigned = "" if signed(store, last.contract) else ", unsigned"
    yield f"{held.workflow} {held.label}: {last.word}{unsigned} (look of {last.look:%Y-%m-%d %H:%M} UTC)"
    yield from (f"  void: {reason}" for reason in void)
    yield from (f"  {reason}" for reason in last.body["reasons"])
    if last.body["forecast"]:
        yield f"  forecast: {last.body['forecast']}"
    if last.body["versions_tried"] > 1:
        yield f"  {last.body['versions_tried']} versions were tried on this contract{_rates(last)}"


def _rates(last: StoredVerdict) -> str:
    return ", and one error rate holds for all of them" if last.body.get("family") else ", each at its own error rate"


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
