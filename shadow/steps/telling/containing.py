"""How the candidate was held, as the report shows it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from shadow.certificate import words
from shadow.certificate.certificate import Certificate
from shadow.certificate.counting import Refused
from shadow.certificate.model import how_often
from shadow.contract import ESCALATE
from shadow.observation import Refusal, RefusalKind
from shadow.reports.contained import Contained, HeldRow, RouteRow, TriedRow
from shadow.steps.certifying import standing_certificate, up_to
from shadow.store import Store
from shadow.store.registry import Experiment


def contained(store: Store, one: Experiment, *, look: datetime, run: str) -> Contained | None:
    """What the certificates of all runs up to the look carry together; `run` is the newest of them."""
    whole = up_to(store, one, look=look)
    return None if whole is None else contained_rows(whole, digest=standing_certificate(store, run)[0].digest)


def contained_rows(one: Certificate, *, digest: str) -> Contained:
    """A certificate as the report shows it."""
    account, counted = one.account, one.counted
    shown = (*map(words.preflight, account.preflights), *map(words.paper, account.papers))
    return Contained(
        standing=str(one.standing),
        headline=words.headline(one),
        isolation=words.held_by(one),
        runs=len(one.runs),
        sentences=words.sentences(one),
        shown=shown,
        processes=tuple(map(words.process, account.processes)),
        policies=account.policies,
        filters=account.filters,
        held=tuple(_held(one)),
        violations=(*map(_tried, counted.violations), *_elsewhere(one)),
        refused=tuple(map(_tried, counted.of_kind(RefusalKind.TOOL))),
        noise=tuple(map(_tried, counted.of_kind(RefusalKind.NOISE))),
        routes=tuple(
            RouteRow(
                name=route.name,
                kind=route.kind,
                decisions=dict(route.decisions),
                bytes_out=route.bytes_out,
                bytes_in=route.bytes_in,
                violations=route.violations,
            )
            for route in account.routes
        ),
        tells_tries=one.tells_tries,
        canaries=account.canaries,
        witnesses=account.witnesses,
        residual=words.residual_risks(one),
        digest=digest,
    )


def _held(one: Certificate) -> Iterator[HeldRow]:
    for tool, kinds in one.counted.held.items():
        if tool != ESCALATE:
            answered = {words.TRUTH.get(how, how): count for how, count in kinds.items()}
            yield HeldRow(tool=tool, count=sum(kinds.values()), answered=answered)


def _tried(one: Refused) -> TriedRow:
    return TriedRow(call=one.call, why=one.why, times=one.times, cases=one.cases, examples=one.examples)


def _elsewhere(one: Certificate) -> Iterator[TriedRow]:
    yield from _denied(one.account.at_import, "import")
    yield from _denied(one.account.nobodys, "no known case")


def _denied(refusals: Iterable[Refusal], where: str) -> Iterator[TriedRow]:
    for one in refusals:
        if one.kind is not RefusalKind.NOISE:
            call = f"{one.tool} {one.args.get('about', '')}".strip()
            yield TriedRow(call=call, why=one.why, times=how_often(one), where=where)
