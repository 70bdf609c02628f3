"""Certify: what one run's record says of how its candidate was held, kept as it was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import reduce

from shadow.certificate.certificate import Attempts, Certificate, proven, together
from shadow.certificate.counting import counted
from shadow.certificate.model import Account, add
from shadow.contract import ESCALATE
from shadow.gates.verdict import enforced
from shadow.steps.beginning import Clock, utc_now
from shadow.store import Store
from shadow.store.accounts import Told, accounts_of
from shadow.store.certificates import Issued, certificates_of, ended_runs, keep_certificate
from shadow.store.deeds import letters, replayed
from shadow.store.registry import Experiment, Run, contract_of, experiment, run
from shadow.store.replays import count_taken, counting_runs


def certify(store: Store, run_id: str, *, clock: Clock = utc_now) -> Issued:
    """Keep a run's certificate as it is now, beside what was told of the run before.

    Raises:
        StoreError: what is kept of this run was changed since.
    """
    return keep_certificate(store, run(store, run_id), certificate(store, run_id), now=clock())


def certificate(store: Store, run_id: str) -> Certificate:
    """A run's certificate from what the store holds now; nothing is written."""
    one = run(store, run_id)
    return _made(store, experiment(store, one.experiment), one, accounts_of(store, one.id))


def standing_certificate(store: Store, run_id: str) -> tuple[Certificate, Issued | None]:
    """A run's certificate, and as what it was last told, if it was.

    What was told stands where records of the run are no longer kept: they cannot be counted again.
    """
    told = certificates_of(store, run_id)
    last = told[-1] if told else None
    now = certificate(store, run_id)
    if last is not None and now.counted.pruned > last.certificate.counted.pruned:
        return last.certificate, last
    return now, last


def up_to(store: Store, held: Experiment, *, look: datetime) -> Certificate | None:
    """Every run of an experiment whose window has ended by `look`, as one; None where there is none."""
    found = [standing_certificate(store, key)[0] for key in ended_runs(store, held.id, look=look)]
    return together(found) if found else None


def _made(store: Store, held: Experiment, one: Run, told: Sequence[Told]) -> Certificate:
    contract = contract_of(store, held.contract)
    took = count_taken(store, one)
    return Certificate(
        workflow=one.workflow,
        experiment=held.id,
        candidate=held.label,
        pin=held.pin,
        runs=(one.id,),
        start=one.start,
        end=one.end,
        taken=took["taken"],
        open=took["open"],
        dead=letters(store, one.id),
        attempts=_attempts(told),
        account=reduce(add, (each.account for each in told), Account()),
        counted=counted(replayed(store, one.id), tools={ESCALATE, *(tool.name for tool in contract.tools)}),
    )


def _attempts(told: Sequence[Told]) -> Attempts:
    caged = [one for one in told if one.closed and any(way.startswith("kernel") for way in one.account.isolations)]
    return Attempts(
        all=len(told),
        unfinished=sum(not one.closed for one in told),
        unproven=sum(not _proven(one) for one in told),
        unseen=sum(not one.account.attested for one in caged),
    )


def _proven(one: Told) -> bool:
    claims = any(enforced(way) for way in one.account.isolations)
    return not claims or proven(one.account, begun=one.begun_at)


def not_shown(store: Store, held: Experiment, *, look: datetime) -> str:
    """Why what a look rests on was not shown to be enforced, whatever it claims; empty where it was.

    It never begins with the name of an enforced isolation, so no verdict takes it for one.
    """
    told = [accounts_of(store, key) for key in counting_runs(store, held.id, look=look)]
    silent = sum(not attempts for attempts in told)
    if silent:
        return f"not shown: of {silent} of {len(told)} runs nobody told how the candidate was held"
    unproven = sum(not _proven(one) for attempts in told for one in attempts)
    return f"not shown: behind {unproven} attempts stands no preflight that passed" if unproven else ""
