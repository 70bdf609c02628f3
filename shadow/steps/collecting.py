"""Collect: the window's arrivals and whatever has settled since, each kept once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime

from shadow.case import Arrival
from shadow.contract import digest
from shadow.setup import Setup
from shadow.steps.entries import case_id, entry_of
from shadow.steps.inputs import PLAY
from shadow.steps.referring import keep_reference
from shadow.store import Store
from shadow.store.cases import arrived, chunks, input_digests, note_doubled, save_cases, save_settlements
from shadow.store.registry import Run, first_start, note_run, run, run_notes

BATCH = 500


def collect(store: Store, setup: Setup, run_id: str) -> dict[str, int]:
    """Read the live system into our store; counts of what came in.

    Arrivals are read from as far before the window as a case may take to settle, so that one which reached the
    source late is picked up once, by the first run that sees it. Outcomes likewise.

    Returns:
        cases (new), known, doubled (further rows of a case), changed (input differs from before), aside (of the
        new or changed ones: what the contract does not accept), settled (new outcomes), revised, unknown (outcomes of
        no known case).
    """
    one = run(store, run_id)
    since = max(first_start(store, one.experiment), one.start - setup.contract.settles_within)
    counts: Counter[str] = Counter()
    clear = ClearValues(store, setup, one.workflow)
    _arrivals(store, setup, one, since, counts, clear)
    _settlements(store, setup, one, since, counts, clear)
    keep_reference(store, setup, one.experiment)
    names = ("cases", "known", "doubled", "changed", "aside", "settled", "revised", "unknown")
    result = {name: counts[name] for name in names}
    note_run(store, run_id, counts={**(run_notes(store, run_id)["counts"] or {}), **result})
    return result


class ClearValues:
    """The clear values of redacted fields, by case: to find them in what the control did. Never written anywhere.

    Those of the arrivals that a collection reads are held; a case that arrived before them is read once more.
    """

    def __init__(self, store: Store, setup: Setup, workflow: str) -> None:
        self.store, self.setup, self.workflow = store, setup, workflow
        self.redactor = store.redactor(setup.contract.redact)
        self.held: dict[str, dict[str, str]] = {}

    def note(self, key: str, arrival: Arrival) -> None:
        """Keep one case's values, where the contract hides any."""
        if self.redactor.fields:
            self.held[key] = self.redactor.marks(dict(arrival.input))

    def of(self, ids: Sequence[str]) -> dict[str, dict[str, str]]:
        """Clear text to mark, for each of these cases."""
        if self.redactor.fields:
            self._read_again([key for key in ids if key not in self.held])
        return {key: self.held[key] for key in ids if key in self.held}

    def _read_again(self, ids: Sequence[str]) -> None:
        moments = arrived(self.store, self.workflow, ids)
        if not moments:
            return
        for arrival in self.setup.source.arrivals(min(moments.values()), max(moments.values()) + PLAY):
            if arrival.id in moments:
                self.note(arrival.id, arrival)


def _arrivals(store: Store, setup: Setup, one: Run, since: datetime, counts: Counter[str], clear: ClearValues) -> None:
    contract = setup.contract
    redactor = store.redactor(contract.redact)
    doubled: Counter[str] = Counter()
    for batch in chunks(_first_rows(setup, one, since, doubled), BATCH):
        for key, _, arrival in batch:
            clear.note(key, arrival)
        known = input_digests(store, one.workflow, [key for key, _, _ in batch])
        fresh = [entry_of(contract, arrival) for key, mark, arrival in batch if known.get(key) != mark]
        kept = save_cases(store, one.workflow, fresh, redactor=redactor, keep=contract.keep)
        counts["cases"] += kept.new
        counts["known"] += len(batch) - kept.new
        counts["changed"] += kept.changed
        counts["aside"] += sum(bool(entry.aside) for entry in fresh)
    note_doubled(store, one.workflow, doubled)
    counts["doubled"] = sum(doubled.values())


def _first_rows(setup: Setup, one: Run, since: datetime, doubled: Counter[str]) -> Iterator[tuple[str, str, Arrival]]:
    """Id, digest and row of each case; further rows of it are counted and not taken."""
    seen: set[str] = set()
    for arrival in setup.source.arrivals(since, one.end):
        mark = digest([dict(arrival.input)])
        key = case_id(arrival, mark)
        if key in seen:
            doubled[key] += 1
            continue
        seen.add(key)
        yield key, mark, arrival


def _settlements(
    store: Store, setup: Setup, one: Run, since: datetime, counts: Counter[str], clear: ClearValues
) -> None:
    contract = setup.contract
    redactor = store.redactor(contract.redact)
    for batch in chunks(setup.source.settled(since, one.end), BATCH):
        kept = save_settlements(store, one.workflow, batch, redactor=redactor, keep=contract.keep, marks=clear.of)
        counts["settled"] += kept["new"]
        counts["revised"] += kept["revised"]
        counts["unknown"] += kept["unknown"]
