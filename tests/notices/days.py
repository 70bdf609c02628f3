"""Days of the store's small desk: cases that differ or fail, taken by a run, judged, and told about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from shadow.notices.finding import error_bursts, queue_notice, recurring_causes
from shadow.notices.patterns import Pattern
from shadow.observation import Ending, Observation
from shadow.steps.assessing import assess_at
from shadow.store import Store, registry
from shadow.store.registry import Run
from shadow.store.replays import save_observations
from shadow.store.verdicts import StoredVerdict, save_verdict
from tests.store.desk import (
    bring,
    compared,
    entry,
    experiment,
    outcome,
    plan,
    seen,
    settle,
    shard,
    window,
)

SOON = timedelta(hours=1)  # after a look, the run is over and its notices are sent


def broken(error: str = "ValueError: ann@example.org") -> Observation:
    """What a candidate leaves that raised."""
    return Observation(ending=Ending.ERROR, error=error, duration_s=0.1)


def day_of(
    store: Store, day: int, candidate: Sequence[Observation], *, replayed_at: datetime | None = None, label: str = "v1"
) -> Run:
    """A day's run: one case an observation, of a customer each; the control approves all of them by noon."""
    one = experiment(store, label)
    run = window(store, one, day)
    entries = [entry(f"d{day}-{n:03d}", day, unit=f"u{n}") for n in range(len(candidate))]
    bring(store, *entries)
    plan(store, run, since=day)
    pairs = [(held.case, done) for held, done in zip(entries, candidate, strict=True)]
    when = replayed_at or run.end + SOON / 2
    save_observations(store, shard(store, run), pairs, now=when)
    settle(store, *[outcome(held.case.id, day) for held in entries])
    for held, done in zip(entries, candidate, strict=True):
        compared(store, run, held, seen(), done)
    return run


def verdict_at(store: Store, run: Run) -> StoredVerdict:
    """The look at the end of a run's window, kept."""
    one = registry.experiment(store, run.experiment)
    found = assess_at(store, one, look=run.end)
    made = StoredVerdict(
        run=run.id,
        experiment=run.experiment,
        look=run.end,
        word=str(found.verdict.word),
        contract=one.contract,
        decision_digest=found.decision_digest,
        measurement_digest=found.measurement_digest,
        counts_digest=found.verdict.counts,
        body=found.verdict.to_json(),
    )
    save_verdict(store, made)
    return made


def told(store: Store, run: Run, *, now: datetime | None = None) -> list[Pattern]:
    """The run's notices: those that were queued now, of all that were found."""
    verdict = verdict_at(store, run)
    found: list[Pattern] = [
        *error_bursts(store, run.experiment, look=run.end),
        *recurring_causes(store, verdict),
    ]
    when = now or run.end + SOON
    return [
        one
        for one in found
        if queue_notice(store, one, experiment=run.experiment, channel="C0", payload={"text": "x"}, now=when)
    ]


def denials(many: int) -> list[Observation]:
    """So many cases in which the candidate denies."""
    return [seen("deny") for _ in range(many)]
