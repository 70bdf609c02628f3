"""End to end: a contract's gates over the counts of whole desks, looked at every day; good ones and every violation.

Each row is a truth, at least 400 worlds of 28 days. Cases become counts as `tally` would count them (`bulk`), the
gates are those of the contract, the verdict is `decide`. Of the first worlds of a row the counts are made a second
time from the store's rows through labels and limits (`review.judging`), and must have the same digest.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

from benchmarks.readiness.rows import Row, Run, at_least, at_most, shown, strictly
from benchmarks.readiness.stored import stored
from benchmarks.readiness.told import told
from benchmarks.readiness.truths import LIMIT, REJECTED, SLOW, TRIALS_OF, Trial, flat
from benchmarks.readiness.world import DAYS, FIRST, Desk, World, drawn, seen
from shadow.contract import Contract
from shadow.evidence.bulk import tally_columns
from shadow.evidence.counts import Cells, Counts
from shadow.evidence.evidence import Evidence
from shadow.evidence.tally import tally
from shadow.examples.refund_desk.contract import REFUNDS
from shadow.gates import (
    Status,
    Word,
    calendar,
    cost,
    coverage,
    critical_rate,
    decide,
    every_slice,
    harmful_rate,
    input_drift,
    latency,
    latency_against_control,
    non_inferior,
    recency,
    set_aside,
    similarity,
    stale,
    whole_weeks,
)
from shadow.plug import Bound
from shadow.steps.assessing import assess_at

TRIALS, CHECKED, UNGUARDED, BY = 400, 2, 10, 21
LOOKS = (3, 9, 21)  # at which counts from rows and from columns are compared
LEAST = 14  # no look before it can be ready: the calendar


def contract_of(limit: float, *, settles: int) -> Contract:
    """The refund desk's contract with every gate there is."""
    gates = (
        calendar(days=LEAST),
        set_aside(at_most=0.05),
        stale(at_most=0.02),
        critical_rate(below=0.001),
        harmful_rate(at_most=limit),
        recency(at_most=limit),
        whole_weeks(at_most=limit),
        every_slice(at_most=3 * limit),
        non_inferior(by=0.005, discordant=0.015),
        similarity(at_least=0.8),
        latency(p95_s=20),
        latency_against_control(ratio=1.5),
        cost(per_case_usd=0.05),
        coverage(),
        input_drift(),
    )
    return replace(
        REFUNDS,
        gates=gates,
        demonstration=False,
        settles_within=timedelta(days=settles),
        labels_within=timedelta(days=1),
    )


def rows(how: Run) -> Iterator[Row]:
    """One line a truth."""
    yield _from_store(how.seed)
    for number, trial in enumerate(TRIALS_OF):
        if how.wanted(trial.name):
            yield from _row(how, trial, 100_000 * how.seed + 1000 * number)
    for number, trial in enumerate(REJECTED):
        if how.wanted(trial.name):
            yield _rejected(how, trial, 100_000 * how.seed + 50_000 + 1000 * number)


def _rejected(how: Run, trial: Trial, seed: int) -> Row:
    """How often a gate ever says "not ready"; nobody's patience ends it before the last day."""
    contract, trials = contract_of(trial.limit, settles=trial.settles), how.trials(TRIALS)
    gates = [bound for bound in contract.gates if bound.name in ("harmful_rate", "every_slice")]
    said = sum(_ever_rejects(contract, gates, drawn(trial.desk, seed + k)) for k in range(trials))
    row = at_least if trial.good else at_most
    return row(f"ever not ready: {trial.name}", said, trials, trial.bar or 0.0)


def _ever_rejects(contract: Contract, gates: list[Bound], world: World) -> bool:
    counts = tally_columns(seen(world, DAYS, settles=1))
    counts.cases()
    evidence = evidence_of(contract, counts, DAYS)
    cut = (evidence.until(FIRST + timedelta(days=look - 2)) for look in range(2, DAYS + 1))
    return any(bound(known).rejects for known in cut for bound in gates)


def _from_store(seed: int) -> Row:
    """A world with everything in it, read out of a real store: the same counts and the same word at every look."""
    desk = Desk(harm=flat(LIMIT), per_day=150, customers=900, burst=0.12, never=0.01, aside=0.02, stale=0.01, **SLOW)
    contract, world, same = contract_of(LIMIT, settles=5), drawn(desk, seed), 0
    looks = (2, 6, 9, 14)
    with tempfile.TemporaryDirectory() as place:
        store, one = stored(world, contract, Path(place), days=looks[-1])
        for look in looks:
            moment = datetime.combine(FIRST + timedelta(days=look), time(), tzinfo=UTC)
            found = assess_at(store, one, contract=contract, look=moment)
            counts = tally_columns(seen(world, look, settles=5))
            same += found.verdict.counts == counts.digest()
    what = "a store's rows and labels give the counts that columns give"
    return Row(what=what, seen=f"{same} of {len(looks)} looks", good=same == len(looks))


def _row(how: Run, trial: Trial, seed: int) -> Iterator[Row]:
    contract, trials = contract_of(trial.limit, settles=trial.settles), how.trials(TRIALS)
    first = [_first_ready(contract, trial, drawn(trial.desk, seed + k)) for k in range(trials)]
    ever = sum(day is not None for day in first)
    by = sum(day is not None and day <= BY for day in first)
    if trial.bar is None:
        yield shown(f"ready by day {BY}: {trial.name}", f"{by / trials:.4f} ({by} of {trials})")
    elif trial.good:
        yield at_least(f"ready by day {BY}: {trial.name}", by, trials, trial.bar)
    else:
        yield strictly(f"ever ready in {DAYS} days: {trial.name}", ever, trials, trial.bar)
        yield _unguarded(contract, trial, seed)
    yield from _checked(contract, trial, seed)


def _unguarded(contract: Contract, trial: Trial, seed: int) -> Row:
    """What the contract would say without the gates that stand against it: so that nothing else does their work."""
    bare = replace(contract, gates=tuple(one for one in contract.gates if one.name not in trial.guards))
    ever = sum(_first_ready(bare, trial, drawn(trial.desk, seed + k)) is not None for k in range(UNGUARDED))
    return shown(f"  without {', '.join(trial.guards)}", f"{ever} of {UNGUARDED}")


def _first_ready(contract: Contract, trial: Trial, world: World) -> int | None:
    """The first day at whose end the verdict is ready; None where it never is.

    Where every case settles on its day and is labelled on the next, what is closed at a look is all that came in until
    the day before: it is counted once and cut off there. `_checked` compares that with the way of `look_by_look`.
    """
    if trial.settles > 1:
        return look_by_look(contract, trial, world)
    counts = tally_columns(seen(world, DAYS, settles=trial.settles))
    counts.cases()  # sorts the counts out by tables, once for all looks
    evidence, order = evidence_of(contract, counts, DAYS), list(contract.gates)
    for look in range(LEAST, DAYS + 1):
        if is_ready(contract, evidence.until(FIRST + timedelta(days=look - 2)), order):
            return look
    return None


def look_by_look(contract: Contract, trial: Trial, world: World) -> int | None:
    """The same, with every look's open days counted as they then stood."""
    final: dict[date, Cells] = {}
    order = list(contract.gates)
    for look in range(LEAST, DAYS + 1):
        fresh = tally_columns(seen(world, look, settles=trial.settles, since=len(final)))
        counts = Counts(days={**final, **fresh.days}, units=fresh.units)
        evidence = evidence_of(contract, counts, look)
        if is_ready(contract, evidence, order):
            return look
        for day in evidence.closed[len(final) :]:
            if (evidence.look.date() - day).days > trial.settles + 1:  # nothing of it can change any more
                final[day] = counts.days[day]
    return None


def evidence_of(contract: Contract, counts: Counts, look: int) -> Evidence:
    """What the gates look at after so many whole days."""
    return Evidence(
        counts=counts,
        look=datetime.combine(FIRST + timedelta(days=look), time(), tzinfo=UTC),
        settles_within=contract.settles_within,
        labels_within=contract.labels_within,
        price_known=True,
        validated=look,
    )


def is_ready(contract: Contract, evidence: Evidence, order: list[Bound]) -> bool:
    """Whether the verdict is ready.

    All gates must pass at once, so the first that does not ends the look; it is asked first at the next one.
    """
    for k, bound in enumerate(order):
        if bound(evidence).status is not Status.PASS:
            order.insert(0, order.pop(k))
            return False
    return decide(evidence, contract.gates, demonstration=False, isolation="kernel").word == Word.READY


def _checked(contract: Contract, trial: Trial, seed: int) -> Iterator[Row]:
    """In the first worlds: columns say what rows, labels and limits say; the quick way says what every look says."""
    same = alike = 0
    for k in range(CHECKED):
        world = drawn(trial.desk, seed + k)
        alike += _first_ready(contract, trial, world) == look_by_look(contract, trial, world)
        for look in LOOKS:
            moment = datetime.combine(FIRST + timedelta(days=look), time(), tzinfo=UTC)
            counts = tally(told(world, contract, moment), moment)
            same += counts.digest() == tally_columns(seen(world, look, settles=trial.settles)).digest()
    good = same == CHECKED * len(LOOKS) and alike == CHECKED
    told_so = f"{same} of {CHECKED * len(LOOKS)}, {alike} of {CHECKED}"
    yield Row(what="  the same from rows, labels and limits; look by look", seen=told_so, good=good)
