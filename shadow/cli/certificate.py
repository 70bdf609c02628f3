"""`shadow certificate`: how a run held its candidate, from what the store holds; nothing is run."""

from __future__ import annotations

import json
from argparse import Namespace
from collections.abc import Iterable, Iterator

from shadow.certificate import words
from shadow.certificate.certificate import Certificate, Standing
from shadow.cli.terminal import say
from shadow.contract import ESCALATE
from shadow.errors import UsageError
from shadow.observation import RefusalKind
from shadow.plug import nearest
from shadow.reports.safe import visible
from shadow.steps.certifying import standing_certificate
from shadow.store import Store, open_store
from shadow.store.certificates import Issued, ended_runs
from shadow.store.registry import Experiment, find_experiment

CODES = {
    Standing.HELD: 0,
    Standing.IDLE: 0,
    Standing.VIOLATED: 1,
    Standing.LEAKED: 1,
    Standing.NOT_ENFORCED: 3,
    Standing.UNKNOWN: 3,
}


def certificate(given: Namespace) -> int:
    """Print a run's certificate.

    Exit code 0 where everything was held and nothing was tried, 1 where something leaked or the candidate tried to
    get past its doors, 3 where what would have to be known is not, as under an isolation that enforces nothing.
    """
    store = open_store(given.store)
    held = find_experiment(store, given.workflow, label=given.candidate)
    key = _run(store, held, given.run)
    one, told = standing_certificate(store, key)
    if given.json:
        say(json.dumps(_data(one, told), indent=2, ensure_ascii=False))
    else:
        for line in _lines(one, told):
            say(visible(line, lines=False))
    return CODES[one.standing]


def _run(store: Store, held: Experiment, wanted: str) -> str:
    known = ended_runs(store, held.id)
    found = [key for key in known if key.startswith(wanted)]
    if not known or not found or (wanted and len(found) > 1 and wanted not in found):
        raise UsageError(
            "several runs begin so" if found else "no such run", where=f"{held.workflow} {held.label}",
            seen=wanted or "none at all", allowed=", ".join(known[-5:]) or "(none)",
            todo=nearest(wanted, known) or "run it first",
        )  # fmt: skip
    return wanted if wanted in found else found[-1]


def _data(one: Certificate, told: Issued | None) -> dict[str, object]:
    return {
        "standing": str(one.standing),
        "words": words.headline(one),
        "unknown": list(words.unknowns(one)),
        "residual_risks": list(words.residual_risks(one)),
        "digest": one.digest,
        "told": None if told is None else {"number": told.number, "digest": told.digest, "at": told.at.isoformat()},
        "certificate": one.to_json(),
    }


def _lines(one: Certificate, told: Issued | None) -> Iterator[str]:
    window = f"arrivals {one.start:%Y-%m-%d} to {one.end:%Y-%m-%d}"
    yield f"{one.workflow} {one.candidate}, run {', '.join(one.runs)}, {window}"
    yield f"{str(one.standing).upper()}: {words.headline(one)}."
    yield f"isolation: {words.held_by(one)}"
    yield from _list("known beside that", words.sentences(one))
    yield from _list("held effects", _held(one))
    yield from _list("tried to get past its doors with", _tried(one))
    yield from _list("refused tool calls", map(words.tried, one.counted.of_kind(RefusalKind.TOOL)))
    yield from _list("noise of libraries", map(words.tried, one.counted.of_kind(RefusalKind.NOISE)))
    yield from _list("routes", map(words.route, one.account.routes))
    if one.account.routes:
        yield f"canaries and secrets met: {one.account.canaries:,}"
    yield from _list("preflight", map(words.preflight, one.account.preflights))
    yield from _list("attestation", map(words.paper, one.account.papers))
    yield from _list("processes", map(words.process, one.account.processes))
    yield from _list("policy", one.account.policies)
    yield from _list("filter", one.account.filters)
    yield from _list("the live systems say", one.account.witnesses)
    yield from _list("not covered", words.residual_risks(one))
    yield f"digest: {one.digest}"
    if told is None:
        yield "it was not told yet: the run's report step keeps it"
    elif told.digest == one.digest:
        yield f"told so on {told.at:%Y-%m-%d %H:%M} UTC"
    else:
        yield f"on {told.at:%Y-%m-%d %H:%M} UTC another one was told, {told.digest[:12]}: the store has changed since"


def _list(title: str, items: Iterable[str]) -> Iterator[str]:
    lines = [f"  {item}" for item in items]
    if lines:
        yield f"{title}:"
        yield from lines


def _held(one: Certificate) -> Iterator[str]:
    for tool, kinds in one.counted.held.items():
        if tool != ESCALATE:
            how = ", ".join(f"{count:,} {words.TRUTH.get(kind, kind)}" for kind, count in kinds.items())
            yield f"{tool}: {sum(kinds.values()):,} ({how})"


def _tried(one: Certificate) -> Iterator[str]:
    yield from map(words.tried, one.counted.violations)
    for denied, where in ((one.account.at_import, "at import"), (one.account.nobodys, "by no known case")):
        yield from (f"{words.elsewhere(each)}, {where}" for each in denied if each.kind is not RefusalKind.NOISE)
