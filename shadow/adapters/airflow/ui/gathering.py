"""What each page shows, fetched from the store; nothing here knows of a request."""

from __future__ import annotations

import json
from collections import OrderedDict
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING

from sqlalchemy.exc import SQLAlchemyError

from shadow.errors import ShadowError, StoreError, UsageError
from shadow.pages.decisions import Asked, Signing
from shadow.pages.frame import Links
from shadow.reports.markup import Markup, el
from shadow.review.discrepancy import Discrepancy, discrepancy
from shadow.review.queue import last_word, next_open
from shadow.store import Store, home, open_store
from shadow.store.engine import exists
from shadow.store.registry import Experiment, contract_of, experiment
from shadow.store.verdicts import StoredVerdict, verdicts_of

if TYPE_CHECKING:
    from shadow.contract import Contract
    from shadow.pages.review import Desk
    from shadow.reports.report import Report

KEPT = 8  # pages of reports that a process keeps
_pages: OrderedDict[tuple[str, ...], str] = OrderedDict()
_priced: dict[str, tuple[str, ...]] = {}
_lock = Lock()


class Unavailable(Exception):
    """The store cannot be reached; carries what was said of it."""

    def __init__(self, error: ShadowError) -> None:
        self.error = error
        super().__init__(str(error))


def opened() -> Store:
    """The store that the environment names, opened once a process; looking at it never makes a new one.

    Raises:
        UsageError: there is none yet.
        Unavailable: it does not answer.
    """
    import os

    url = os.environ.get("SHADOW_STORE_URL") or None
    if not exists(url):
        raise UsageError("nothing was run yet", todo="start a run, and come back when it has begun")
    try:
        return _store(url, str(home()))
    except (StoreError, SQLAlchemyError) as error:
        told = error if isinstance(error, ShadowError) else StoreError("the store does not answer")
        raise Unavailable(told) from error


@lru_cache(maxsize=4)
def _store(url: str | None, _: str) -> Store:
    return open_store(url)


def experiment_in(store: Store, workflow: str, key: str) -> Experiment:
    """The experiment, if it is one of the workflow: who may see one workflow may not see all.

    Raises:
        StoreError: it is not there, or another workflow's.
    """
    held = experiment(store, key)
    if held.workflow != workflow:
        raise StoreError("no such experiment", where=key[:80])
    return held


def desk(store: Store, held: Experiment, *, who: str, may_label: bool, after: str, every: bool) -> Desk:
    """What a reviewer has before them."""
    from shadow.pages.review import Desk

    return Desk(
        experiment=held.id,
        candidate_label=held.label,
        workflow=held.workflow,
        may_label=may_label,
        after=after,
        every=every,
        mine=last_word(store, held.id, who) if may_label else None,
    )


def following(store: Store, held: Experiment, *, after: str, every: bool) -> Discrepancy | None:
    """The next discrepancy of the queue with all that belongs to it."""
    found = next_open(store, held.id, after=after, every=every)
    return discrepancy(store, held.id, found.case_id, mark=found.discrepancy) if found else None


def newest_verdict(store: Store, held: Experiment) -> StoredVerdict | None:
    """What was said at the newest look."""
    looks = verdicts_of(store, held.id)
    return looks[-1] if looks else None


def report(store: Store, held: Experiment, verdict: StoredVerdict, links: Links) -> str:
    """The report of one look; made once for each verdict and kept, for it may take seconds."""
    from shadow.reports.html import page
    from shadow.steps.telling.validity import void_at

    now = datetime.now(UTC)
    void = void_at(store, held, verdict.look, now=now)
    same = (held.id, verdict.run, verdict.decision_digest, verdict.measurement_digest, links.root)
    key = (str(store.engine.url), *same, *void)
    with _lock:
        if key in _pages:
            _pages.move_to_end(key)
            return _pages[key]
    made = page(replace(_report(store, held, verdict), void=void, as_of=now), bar=_bar(held, links))
    with _lock:
        _pages[key] = made
        while len(_pages) > KEPT:
            _pages.popitem(last=False)
    return made


def _bar(held: Experiment, links: Links) -> Markup:
    where = (
        ("Shadow", f"{links.root}/"),
        ("Review the discrepancies", links.to("review", held.id)),
        ("The contract in plain words", links.to("contracts", held.contract)),
    )
    return el("header", el("nav", el("ul", *(el("li", el("a", name, href=href)) for name, href in where))))


def _report(store: Store, held: Experiment, verdict: StoredVerdict) -> Report:
    """As the run wrote it, where this machine has the file; else gathered from the store, which says the same."""
    from shadow.steps.reporting import build_report

    written = _written(held, verdict)
    return written or build_report(store, held.id, look=verdict.look)


def _written(held: Experiment, verdict: StoredVerdict) -> Report | None:
    from shadow.reports.report import Report

    for path in sorted((home() / "reports" / Path(held.id).name).glob(f"*-{verdict.run[:8]}.json")):
        try:
            found = Report.from_json(json.loads(path.read_text(encoding="utf-8")))
        except (OSError, ValueError, UsageError):
            continue  # half written, or of another version: it is made from the store
        same = (found.digests.decision, found.digests.measurement, found.look)
        if same == (verdict.decision_digest, verdict.measurement_digest, verdict.look):
            return found
    return None


def signing(store: Store, workflow: str, key: str) -> Signing:
    """A contract's page: its words, what changed, who signed.

    Raises:
        StoreError: no such contract of this workflow.
    """
    from shadow.approval import signed
    from shadow.approval.changes import changes
    from shadow.approval.evidence import last_signed
    from shadow.contract import plain_words
    from shadow.store.requests import requests_about, votes_of

    contract = contract_of(store, key)
    if contract.workflow != workflow:
        raise StoreError("no such contract", where=key[:80])
    since = last_signed(store, workflow, but=key)
    return Signing(
        workflow=workflow,
        contract=key,
        words=plain_words(contract),
        since=since,
        changes=changes(contract_of(store, since), contract) if since else (),
        signed=signed(store, key),
        requests=[(one, votes_of(store, one.id)) for one in requests_about(store, key)],
        costs=_costs(key, contract),
    )


def _costs(key: str, contract: Contract) -> tuple[str, ...]:
    """What the contract's bars cost; drawn once a process and contract, for it takes a second or two."""
    from shadow.planning import Assumed, plan
    from shadow.planning.words import sentences

    if not contract.cases_per_day:
        return ()
    if key not in _priced:
        _priced[key] = sentences(plan(contract, Assumed(cases_per_day=contract.cases_per_day)))
    return _priced[key]


def asked(store: Store, workflow: str, key: str) -> Asked:
    """A request's page.

    Raises:
        StoreError: no such request of this workflow.
    """
    from shadow.approval import proof
    from shadow.steps.telling.validity import asked_on
    from shadow.store.ledger import entries
    from shadow.store.requests import Status, request, votes_of

    one = request(store, key)
    if one.workflow != workflow:
        raise StoreError("no such request", where=key[:60])
    approved = one.status is Status.APPROVED
    void, known = asked_on(store, one, now=datetime.now(UTC)) if one.status is Status.OPEN else ((), ())
    return Asked(
        request=one,
        votes=votes_of(store, key),
        entries=list(entries(store, subject=key)),
        problem=proof(store, key).problem if approved else "",
        void=void,
        known=known,
    )
